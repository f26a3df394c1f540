#!/bin/sh
# Signs the app from the inside out: sign.sh FROZEN [OUT VERSION]. Does nothing, and says so, without a
# certificate: $MACOS_SIGN_IDENTITY ("Developer ID Application: …").
set -eu
app="$1/MM Studio.app"
here=$(cd "$(dirname "$0")" && pwd)
if [ -z "${MACOS_SIGN_IDENTITY:-}" ]; then
    echo "No certificate is named in MACOS_SIGN_IDENTITY: the app stays unsigned."
    exit 0
fi
sign() {
    codesign --force --timestamp --options runtime --entitlements "$here/entitlements.plist" --sign "$MACOS_SIGN_IDENTITY" "$1"
}
# Every library and helper first, deepest paths first, so that no outer seal is broken by an inner one.
find "$app/Contents" -type f \( -name '*.dylib' -o -name '*.so' -o -perm -u+x \) | awk '{print length, $0}' | sort -rn | cut -d' ' -f2- |
while IFS= read -r file; do
    case $(file -b "$file") in
        *Mach-O*) sign "$file" ;;
    esac
done
find "$app/Contents/Frameworks" -type d -name '*.framework' 2>/dev/null | while IFS= read -r framework; do
    sign "$framework"
done
sign "$app"
codesign --verify --deep --strict --verbose=2 "$app"
