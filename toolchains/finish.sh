#!/bin/sh
# finish.sh - strips a linked program, of its section headers, too, and keeps its debug symbols beside, by build id.
#
#   toolchains/finish.sh LINKED DIRECTORY
#
# Makes DIRECTORY/kist and DIRECTORY/debug/.build-id/xx/yyyy.debug: `gdb -e DIRECTORY/kist -s YYYY.debug`.
set -eu

linked=$1
directory=$2
if [ -e "$directory/kist" ] && [ ! "$directory/kist" -ot "$linked" ]; then
    exit 0
fi
id=$(llvm-readelf-19 --notes "$linked" | sed -n 's/.*Build ID: //p')
rest=${id#??}
symbols=$directory/debug/.build-id/${id%"$rest"}
rm -rf "$directory/debug"
mkdir -p "$symbols"
llvm-objcopy-19 --only-keep-debug --compress-debug-sections=zlib "$linked" "$symbols/$rest.debug"
llvm-strip-19 --strip-all --strip-sections -o "$directory/kist.new" "$linked"
mv "$directory/kist.new" "$directory/kist"
printf '%s/kist: %s KiB\n' "$directory" $((($(stat -c %s "$directory/kist") + 1023) / 1024))
