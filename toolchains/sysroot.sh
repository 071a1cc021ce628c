#!/bin/sh
# sysroot.sh - makes the static toolchain of an architecture and prints its directory.
#
#   toolchains/sysroot.sh amd64|arm64
#
# The compiler is Debian's clang-19 with lld-19.  What it compiles against is built here from source:
# musl (C library), compiler-rt's builtins and crt objects, libc++ and libc++abi without exceptions,
# RTTI, locales and wide characters, with the "fast" hardening (an index out of bounds traps).
#
#   DIRECTORY/sysroot    usr/include, usr/include/c++/v1, usr/lib
#   DIRECTORY/resource   clang's own headers, and lib/T/libclang_rt.builtins.a
#
# DIRECTORY lies in the cache ($KIST_CACHE, $XDG_CACHE_HOME/kist or ~/.cache/kist) and its name is a hash of
# all that goes into it, so it is built once for any number of trees.
#
# musl 1.2.3 is old: it has no DNS over TCP (answers of more than 512 bytes are cut), and its iconv has a
# known flaw (CVE-2025-26519), which cannot matter here since nothing calls iconv and the linker drops it.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
third_party=$here/../third_party
cache=${KIST_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/kist}
case ${1:-} in
amd64) machine=x86_64 ;;
arm64) machine=aarch64 ;;
*) echo "usage: sysroot.sh amd64|arm64" >&2; exit 2 ;;
esac
arch=$1
target=$machine-linux-musl
jobs=${JOBS:-$(nproc)}

key=$({ cat "$here/sysroot.sh"; grep -E "^(musl|llvm|linux-$arch) " "$third_party/sources.txt"
        clang-19 --version | head -n 1; } | sha256sum | cut -c1-16)
result=$cache/toolchain/$arch-$key
[ -d "$result" ] || mkdir -p "$cache/toolchain"

# One flag list for all of the runtimes.  The prefix map keeps this machine's paths out of the binary.
sources() { musl=$("$third_party/fetch.sh" musl); llvm=$("$third_party/fetch.sh" llvm)
            linux=$("$third_party/fetch.sh" "linux-$arch"); }
flags() {
    echo "-Oz -fPIE -ffunction-sections -fdata-sections -fstack-protector" \
         "-fno-unwind-tables -fno-asynchronous-unwind-tables" \
         "-ffile-prefix-map=$work=. -ffile-prefix-map=$musl=musl -ffile-prefix-map=$llvm=llvm"
}

build_musl() {
    mkdir "$work/musl"
    cd "$work/musl"
    CC="clang-19 --target=$target" AR=llvm-ar-19 RANLIB=llvm-ranlib-19 CFLAGS="$(flags)" \
        "$musl/configure" --target=$target --prefix=/usr --syslibdir=/lib --disable-shared
    make -j"$jobs"
    make DESTDIR="$work/out/sysroot" install
    # The kernel's headers, for the system calls that musl does not know.
    headers=$linux/usr/$machine-linux-gnu/include
    cp -r "$headers/linux" "$headers/asm" "$headers/asm-generic" "$headers/mtd" "$work/out/sysroot/usr/include/"
}

common_cmake() {
    echo "-GNinja -DCMAKE_SYSTEM_NAME=Linux -DCMAKE_SYSTEM_PROCESSOR=$machine -DCMAKE_BUILD_TYPE=MinSizeRel
        -DCMAKE_C_COMPILER=clang-19 -DCMAKE_CXX_COMPILER=clang++-19 -DCMAKE_ASM_COMPILER=clang-19
        -DCMAKE_C_COMPILER_TARGET=$target -DCMAKE_CXX_COMPILER_TARGET=$target -DCMAKE_ASM_COMPILER_TARGET=$target
        -DCMAKE_AR=$(command -v llvm-ar-19) -DCMAKE_NM=$(command -v llvm-nm-19)
        -DCMAKE_RANLIB=$(command -v llvm-ranlib-19) -DCMAKE_SYSROOT=$work/out/sysroot
        -DCMAKE_TRY_COMPILE_TARGET_TYPE=STATIC_LIBRARY"
}

build_builtins() {
    runtime=$work/out/resource/lib/$machine-unknown-linux-musl
    mkdir -p "$runtime"
    cp -r "$(clang-19 -print-resource-dir)/include" "$work/out/resource/"
    # shellcheck disable=SC2046 # lists of options
    cmake -S "$llvm/compiler-rt/lib/builtins" -B "$work/builtins" $(common_cmake) \
        -DCMAKE_C_FLAGS="$(flags)" -DCMAKE_ASM_FLAGS="$(flags)" -DCOMPILER_RT_DEFAULT_TARGET_ONLY=ON \
        -DCMAKE_C_COMPILER_WORKS=ON -DCMAKE_CXX_COMPILER_WORKS=ON
    ninja -C "$work/builtins" -j"$jobs"
    cp "$work"/builtins/lib/linux/libclang_rt.builtins-$machine.a "$runtime/libclang_rt.builtins.a"
    for object in crtbegin crtend; do
        # shellcheck disable=SC2046
        clang-19 --target=$target --sysroot="$work/out/sysroot" $(flags) -DCRT_HAS_INITFINI_ARRAY \
            -fno-stack-protector -c "$llvm/compiler-rt/lib/builtins/$object.c" -o "$runtime/clang_rt.$object.o"
    done
}

build_libcxx() {
    # shellcheck disable=SC2046 # a list of options
    cmake -S "$llvm/runtimes" -B "$work/libcxx" $(common_cmake) \
        -DCMAKE_C_FLAGS="$(flags) -resource-dir $work/out/resource" \
        -DCMAKE_CXX_FLAGS="$(flags) -resource-dir $work/out/resource" \
        -DCMAKE_ASM_FLAGS="$(flags)" -DCMAKE_INSTALL_PREFIX="$work/out/sysroot/usr" \
        -DLLVM_ENABLE_RUNTIMES="libcxxabi;libcxx" -DLLVM_ENABLE_PER_TARGET_RUNTIME_DIR=OFF \
        -DLLVM_INCLUDE_TESTS=OFF -DLLVM_INCLUDE_DOCS=OFF \
        -DLIBCXX_HAS_MUSL_LIBC=ON -DLIBCXX_ENABLE_SHARED=OFF -DLIBCXX_ENABLE_STATIC=ON \
        -DLIBCXX_ENABLE_EXCEPTIONS=OFF -DLIBCXX_ENABLE_RTTI=OFF -DLIBCXX_USE_COMPILER_RT=ON \
        -DLIBCXX_ENABLE_STATIC_ABI_LIBRARY=ON -DLIBCXX_INCLUDE_BENCHMARKS=OFF \
        -DLIBCXX_INCLUDE_TESTS=OFF -DLIBCXX_ENABLE_LOCALIZATION=OFF -DLIBCXX_ENABLE_FILESYSTEM=OFF \
        -DLIBCXX_ENABLE_UNICODE=OFF -DLIBCXX_ENABLE_WIDE_CHARACTERS=OFF -DLIBCXX_HARDENING_MODE=fast \
        -DLIBCXX_ENABLE_TIME_ZONE_DATABASE=OFF -DLIBCXX_ENABLE_MONOTONIC_CLOCK=ON \
        -DLIBCXX_HAS_ATOMIC_LIB=OFF -DLIBCXX_HAS_RT_LIB=OFF -DLIBCXX_HAS_PTHREAD_LIB=OFF \
        -DLIBCXXABI_ENABLE_SHARED=OFF -DLIBCXXABI_ENABLE_EXCEPTIONS=OFF \
        -DLIBCXXABI_USE_LLVM_UNWINDER=OFF -DLIBCXXABI_USE_COMPILER_RT=ON \
        -DLIBCXXABI_SILENT_TERMINATE=ON -DLIBCXXABI_INCLUDE_TESTS=OFF \
        -DLIBCXXABI_NON_DEMANGLING_TERMINATE=ON -DLIBCXX_INSTALL_MODULES=OFF
    ninja -C "$work/libcxx" -j"$jobs" install
}

build() {
    work=$(mktemp -d "$cache/toolchain/build.XXXXXX")
    mkdir -p "$work/out"
    sources
    for step in build_musl build_builtins build_libcxx; do
        started=$(date +%s)
        # In the background, because the shell ignores set -e on the left of ||.
        "$step" > "$work/$step.log" 2>&1 &
        wait $! || {
            tail -n 30 "$work/$step.log" >&2
            echo "sysroot.sh: $step failed for $arch (log: $work/$step.log)" >&2
            exit 1
        }
        printf '%s %s: %s s\n' "$arch" "$step" $(($(date +%s) - started)) >&2
    done
    mv -T "$work/out" "$result"
    rm -rf "$work"
}

(
    flock 9
    [ -d "$result" ] || build
) 9> "$cache/toolchain-$arch.lock"
printf '%s\n' "$result"
