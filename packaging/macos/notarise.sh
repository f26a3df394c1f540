#!/bin/sh
# Has Apple notarise the image and staples the ticket: notarise.sh FROZEN OUT VERSION. Does nothing, and says
# so, without a keychain profile made by `xcrun notarytool store-credentials`: $MACOS_NOTARY_PROFILE.
set -eu
out=$2 version=$3
image="$out/MM_Studio-$version-macos-$(uname -m).dmg"
if [ -z "${MACOS_NOTARY_PROFILE:-}" ] || [ -z "${MACOS_SIGN_IDENTITY:-}" ]; then
    echo "No notary profile is named in MACOS_NOTARY_PROFILE: the image stays without a ticket."
    exit 0
fi
xcrun notarytool submit "$image" --keychain-profile "$MACOS_NOTARY_PROFILE" --wait
xcrun stapler staple "$image"
xcrun stapler validate "$image"
