#!/bin/sh
# board-recipes.sh - the recipes for Buildroot and Yocto install what they say, as far as that can be seen without them.
. "$(dirname "$0")/common.sh"
need make
board=$(realpath "$tests/../board")
mkdir -p "$work/built/amd64" "$work/built/arm64"
echo amd64 > "$work/built/amd64/kist"
echo arm64 > "$work/built/arm64/kist"

# installed ROOT PROGRAM: the program, and one file for the init system.
installed() { (cd "$1" && find . -type f | sort | tr '\n' ' '); }

# Buildroot: what its package infrastructure would do with the variables of kist.mk.
cat > "$work/Makefile" <<'MAKE'
BR2_EXTERNAL_KIST_PATH = $(board)/buildroot
qstrip = $(strip $(subst ",,$(1)))
INSTALL = install
TARGET_DIR = $(target)
generic-package = $(eval package := $(KIST_SITE_METHOD))
include $(BR2_EXTERNAL_KIST_PATH)/external.mk
# What generic-package would be asked for.
$(foreach name,VERSION SITE SITE_METHOD LICENSE LICENSE_FILES INSTALL_TARGET_CMDS INSTALL_INIT_SYSV \
    INSTALL_INIT_OPENRC INSTALL_INIT_SYSTEMD,$(if $(KIST_$(name)),,$(error KIST_$(name) is not set)))
@D = $(KIST_SITE)
all:
	$(KIST_INSTALL_TARGET_CMDS)
	$(KIST_INSTALL_INIT_$(init))
hash:
	@echo $(KIST_SITE)/$(KIST_LICENSE_FILES) $(KIST_VERSION)
MAKE
# $(@D) is where Buildroot unpacks a package: for a local one a copy of its site.
buildroot() {
    rm -rf "$work/target"
    sed "s|(@D)|(KIST_SITE)|" "$board/buildroot/package/kist/kist.mk" > "$work/kist.mk"
    sed "s|^include .*external.mk|include $work/kist.mk|" "$work/Makefile" > "$work/Makefile.run"
    make -s -f "$work/Makefile.run" board="$board" target="$work/target" "$@"
}
for architecture in BR2_x86_64:amd64 BR2_aarch64:arm64; do
    for row in SYSV:./etc/init.d/kist OPENRC:./etc/init.d/kist SYSTEMD:./usr/lib/systemd/system/kist.service; do
        buildroot all "${architecture%:*}=y" BR2_PACKAGE_KIST_DIRECTORY="\"$work/built\"" init="${row%:*}"
        same "$(installed "$work/target")" "${row#*:} ./usr/sbin/kist "
        same "$(cat "$work/target/usr/sbin/kist")" "${architecture#*:}"
        [ -x "$work/target/usr/sbin/kist" ] || fail "the program cannot be executed"
    done
done
# The hash file has the licence that the recipe names.
set -- $(buildroot hash)
same "$(awk '/^sha256/ { print $2 }' "$board/buildroot/package/kist/kist.hash")" "$(sha256sum "$1" | cut -d ' ' -f 1)"
version=$(sed -n 's/^project(kist VERSION \([0-9.]*\).*/\1/p' "$tests/../CMakeLists.txt")
same "$2" "$version"
same "$(grep -c '^name: KIST$' "$board/buildroot/external.desc")" 1
grep -q 'package/kist/Config.in"$' "$board/buildroot/Config.in" || fail "Config.in does not name the package"

# Yocto: the variables, and do_install as the shell script that it is.
recipe=$board/yocto/kist_$version.bb
[ -f "$recipe" ] || fail "the recipe's name has another version"
same "$(sed -n 's/^LIC_FILES_CHKSUM = "file:\/\/LICENSE;md5=\(.*\)"/\1/p' "$recipe")" \
    "$(md5sum "$tests/../LICENSE" | cut -d ' ' -f 1)"
for file in $(sed -n '/^SRC_URI/,/"$/p' "$recipe" | grep -o 'file://[^ "]*' | sed 's|file://||'); do
    case $file in build/*) continue ;; esac
    [ -f "$tests/../$file" ] || fail "the recipe wants $file"
done
mkdir -p "$work/source/build"
cp -r "$board" "$work/source/board"
cp -r "$work/built/arm64" "$work/source/build/"
for row in true:./usr/lib/systemd/system/kist.service false:./etc/init.d/kist; do
    rm -rf "$work/image"
    sed -n '/^do_install() {$/,/^}$/p' "$recipe" | sed "s/\${@[^}]*}/${row%:*}/" > "$work/do_install"
    (
        S=$work/source D=$work/image KIST_ARCH=arm64 sbindir=/usr/sbin sysconfdir=/etc
        systemd_system_unitdir=/usr/lib/systemd/system
        . "$work/do_install"
        do_install
    )
    same "$(installed "$work/image")" "${row#*:} ./usr/sbin/kist "
done
