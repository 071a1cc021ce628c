# amd64: any x86-64 CPU; what newer ones can do better is chosen at run time.
set(arch amd64)
set(machine x86_64)
include(${CMAKE_CURRENT_LIST_DIR}/linux-musl.cmake)
