include $(sort $(wildcard $(BR2_EXTERNAL_KIST_PATH)/package/*/*.mk))
