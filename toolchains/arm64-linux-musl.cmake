# arm64: any ARMv8-A CPU from the Raspberry Pi 3 on; the rest is chosen at run time.
set(arch arm64)
set(machine aarch64)
# Kernels come with pages of 4, 16 and 64 KiB.
set(machine_link_flags -Wl,-z,max-page-size=65536)
include(${CMAKE_CURRENT_LIST_DIR}/linux-musl.cmake)
