#!/bin/sh
# Packs the app as a disk image: dmg.sh FROZEN OUT VERSION.
set -eu
app="$1/MM Studio.app" out=$2 version=$3
image="$out/MM_Studio-$version-macos-$(uname -m).dmg"
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
cp -R "$app" "$stage/"
ln -s /Applications "$stage/Applications"
# hdiutil fails now and then while Spotlight looks into the folder.
try=1
until hdiutil create -volname "MM Studio" -srcfolder "$stage" -ov -format UDZO "$image"; do
    [ "$try" -lt 5 ] || exit 1
    try=$((try + 1))
    sleep 5
done
if [ -n "${MACOS_SIGN_IDENTITY:-}" ]; then
    codesign --force --timestamp --sign "$MACOS_SIGN_IDENTITY" "$image"
fi
