################################################################################
#
# kist
#
################################################################################

KIST_VERSION = 0.1.0
KIST_SITE = $(BR2_EXTERNAL_KIST_PATH)/../..
KIST_SITE_METHOD = local
KIST_LICENSE = MIT
KIST_LICENSE_FILES = LICENSE
# Nothing of the tree but the licence and the init files is wanted.
KIST_OVERRIDE_SRCDIR_RSYNC_EXCLUSIONS = --exclude build --exclude .git --exclude src --exclude tests

KIST_PROGRAM = $(call qstrip,$(BR2_PACKAGE_KIST_DIRECTORY))/$(if $(BR2_aarch64),arm64,amd64)/kist

define KIST_INSTALL_TARGET_CMDS
	$(INSTALL) -D -m 0755 $(KIST_PROGRAM) $(TARGET_DIR)/usr/sbin/kist
endef

# BusyBox init and SysV init; the lines for /etc/inittab are in board/busybox/inittab.
define KIST_INSTALL_INIT_SYSV
	$(INSTALL) -D -m 0755 $(@D)/board/busybox/kist $(TARGET_DIR)/etc/init.d/kist
endef

define KIST_INSTALL_INIT_OPENRC
	$(INSTALL) -D -m 0755 $(@D)/board/openrc/kist $(TARGET_DIR)/etc/init.d/kist
endef

define KIST_INSTALL_INIT_SYSTEMD
	$(INSTALL) -D -m 0644 $(@D)/board/systemd/system/kist.service \
		$(TARGET_DIR)/usr/lib/systemd/system/kist.service
endef

$(eval $(generic-package))
