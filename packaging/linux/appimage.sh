#!/bin/sh
# Makes an AppImage from the frozen folder: appimage.sh BUNDLE WORK OUT VERSION. Needs appimagetool; a type-2
# runtime of one's own is taken from $APPIMAGE_RUNTIME, so that no FUSE 2 is asked of the person's system.
set -eu
bundle=$1 work=$2 out=$3 version=$4
here=$(cd "$(dirname "$0")" && pwd)
id=app.mmstudio.MMStudio
root="$work/AppDir"
rm -rf "$root"
mkdir -p "$root/usr/lib" "$root/usr/share/applications" "$root/usr/share/metainfo" "$root/usr/share/icons/hicolor/256x256/apps"
cp -a "$bundle" "$root/usr/lib/mmstudio"
cp "$here/$id.desktop" "$root/"
cp "$here/$id.desktop" "$root/usr/share/applications/"
cp "$here/$id.metainfo.xml" "$root/usr/share/metainfo/$id.appdata.xml"
cp "$work/icons/256.png" "$root/usr/share/icons/hicolor/256x256/apps/$id.png"
cp "$work/icons/256.png" "$root/$id.png"
# Qt opens libxcb-cursor by name and many desktops come without it.
for library in /usr/lib/*/libxcb-cursor.so.0; do
    [ -e "$library" ] && cp -L "$library" "$root/usr/lib/mmstudio/_internal/" || true
done
cat > "$root/AppRun" <<'RUN'
#!/bin/sh
# With arguments that name a command the shell's program starts, else the window.
here=$(dirname "$(readlink -f "$0")")
case "${1:-}" in
    ""|*.mmlib|*.mmstudio) exec "$here/usr/lib/mmstudio/mmstudio-window" "$@" ;;
    *) exec "$here/usr/lib/mmstudio/mmstudio" "$@" ;;
esac
RUN
chmod 755 "$root/AppRun"
set -- --no-appstream
[ -n "${APPIMAGE_RUNTIME:-}" ] && set -- "$@" --runtime-file "$APPIMAGE_RUNTIME"
ARCH=$(uname -m) VERSION=$version appimagetool "$@" "$root" "$out/MM_Studio-$version-$(uname -m).AppImage"
