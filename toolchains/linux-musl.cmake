# What both architectures' toolchain files share.  Each sets `machine` and `arch` first.
#
# The sysroot is made by sysroot.sh (cached by content); everything is linked statically, position
# independent, and as small as the linker can make it.

execute_process(COMMAND ${CMAKE_CURRENT_LIST_DIR}/sysroot.sh ${arch}
    OUTPUT_VARIABLE toolchain OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)

set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR ${machine})
set(CMAKE_SYSROOT ${toolchain}/sysroot)
foreach(language C CXX ASM)
    set(CMAKE_${language}_COMPILER_TARGET ${machine}-linux-musl)
endforeach()
set(CMAKE_C_COMPILER clang-19)
set(CMAKE_CXX_COMPILER clang++-19)
set(CMAKE_ASM_COMPILER clang-19)
find_program(CMAKE_AR llvm-ar-19 REQUIRED)
find_program(CMAKE_RANLIB llvm-ranlib-19 REQUIRED)
find_program(CMAKE_NM llvm-nm-19 REQUIRED)
set(CMAKE_C_COMPILER_AR ${CMAKE_AR})
set(CMAKE_CXX_COMPILER_AR ${CMAKE_AR})

set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
foreach(kind LIBRARY INCLUDE PACKAGE)
    set(CMAKE_FIND_ROOT_PATH_MODE_${kind} ONLY)
endforeach()

# No path of this machine gets into an object (-ffile-prefix-map): two directories, one result.
string(JOIN " " common
    -resource-dir ${toolchain}/resource -ffunction-sections -fdata-sections -fstack-protector-strong
    -fno-unwind-tables -fno-asynchronous-unwind-tables -fPIE -fvisibility=hidden -fno-plt
    -ffile-prefix-map=${toolchain}=toolchain)
set(CMAKE_C_FLAGS_INIT "${common}")
set(CMAKE_ASM_FLAGS_INIT "-resource-dir ${toolchain}/resource -ffile-prefix-map=${toolchain}=toolchain")
set(CMAKE_CXX_FLAGS_INIT
    "${common} -nostdinc++ -isystem ${toolchain}/sysroot/usr/include/c++/v1 -fno-exceptions -fno-rtti")

# stack-size is what musl gives a thread (128 KiB without it).
string(JOIN " " CMAKE_EXE_LINKER_FLAGS_INIT
    -fuse-ld=lld -rtlib=compiler-rt -unwindlib=none -nostdlib++ -static-pie
    -Wl,--gc-sections -Wl,--icf=all -Wl,-O2 -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack
    -Wl,-z,stack-size=262144 -Wl,--build-id=sha1 ${machine_link_flags})
set(CMAKE_CXX_STANDARD_LIBRARIES
    "${toolchain}/sysroot/usr/lib/libc++.a ${toolchain}/sysroot/usr/lib/libc++abi.a")
