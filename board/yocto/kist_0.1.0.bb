# kist for Yocto (kirkstone and later): put this file into a layer's recipes-containers/kist/, and say in
# local.conf where kist's tree is, in which "make" has built both architectures:
#     KIST_TREE = "/path/to/kist"
SUMMARY = "Containers in one static binary"
LICENSE = "MIT"
LIC_FILES_CHKSUM = "file://LICENSE;md5=13191311aa69a59b512e3482edbda406"

KIST_TREE ??= "${THISDIR}/../.."
FILESEXTRAPATHS:prepend := "${KIST_TREE}:"
KIST_ARCH = "amd64"
KIST_ARCH:aarch64 = "arm64"
SRC_URI = "file://LICENSE \
           file://build/${KIST_ARCH}/kist \
           file://board/busybox/kist \
           file://board/systemd/system/kist.service"
UNPACKDIR ??= "${WORKDIR}"
S = "${UNPACKDIR}"
COMPATIBLE_HOST = "(x86_64|aarch64).*-linux"

inherit systemd
SYSTEMD_SERVICE:${PN} = "kist.service"

# The program is static, and stripped already.
INHIBIT_PACKAGE_STRIP = "1"
INHIBIT_PACKAGE_DEBUG_SPLIT = "1"
INSANE_SKIP:${PN} += "already-stripped"

do_install() {
    install -D -m 0755 ${S}/build/${KIST_ARCH}/kist ${D}${sbindir}/kist
    if ${@bb.utils.contains('DISTRO_FEATURES', 'systemd', 'true', 'false', d)}; then
        install -D -m 0644 ${S}/board/systemd/system/kist.service ${D}${systemd_system_unitdir}/kist.service
    else
        install -D -m 0755 ${S}/board/busybox/kist ${D}${sysconfdir}/init.d/kist
    fi
}
