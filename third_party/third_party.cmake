# The libraries that are linked in: jsmn, bearssl, isal.  sources.txt pins them and fetch.sh brings them
# into a cache outside the tree; README.md here says what each is for and who may include it.
#
# The same sources serve the cross builds (the product) and the host build (unit tests); they are built
# without sanitizers and without our warnings.  Lists of files are globbed here and only here: the
# content behind them is pinned by hash.

enable_language(C ASM)

function(fetch name result)
    execute_process(COMMAND ${CMAKE_SOURCE_DIR}/third_party/fetch.sh ${name}
        OUTPUT_VARIABLE directory OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
    set(${result} ${directory} PARENT_SCOPE)
endfunction()

# third_party_library(NAME DIRECTORY FILE...): in sections, which the linker can drop.
function(third_party_library name directory)
    add_library(${name} STATIC EXCLUDE_FROM_ALL ${ARGN})
    set_target_properties(${name} PROPERTIES C_STANDARD 11)
    target_compile_options(${name} PRIVATE
        $<$<COMPILE_LANGUAGE:C>:-w;-g;-fno-sanitize=all;-fno-lto;-ffunction-sections;-fdata-sections>
        $<$<COMPILE_LANGUAGE:C,ASM>:-ffile-prefix-map=${directory}=${name}>)
endfunction()

fetch(jsmn jsmn_source)
add_library(jsmn INTERFACE)
target_include_directories(jsmn SYSTEM INTERFACE ${jsmn_source}/usr/include)

fetch(bearssl bearssl_source)
file(GLOB_RECURSE bearssl_files ${bearssl_source}/src/*.c)
third_party_library(bearssl ${bearssl_source} ${bearssl_files})
# What every byte of a layer passes through is optimised for speed: 1.5 to 3.5 times that of -Os.
set(bearssl_hot ${bearssl_files})
list(FILTER bearssl_hot INCLUDE REGEX
    "/(aes_(x86ni|ct64)(_ctr|_ctrcbc|_enc)?|ghash_(pclmul|ctmul64)|chacha20_(ct|sse2)|poly1305_ctmulq|sha2small)\\.c$")
set_source_files_properties(${bearssl_hot} PROPERTIES COMPILE_OPTIONS -O2)
target_include_directories(bearssl SYSTEM PUBLIC ${bearssl_source}/inc)
target_include_directories(bearssl PRIVATE ${bearssl_source}/src)

fetch(isal isal_source)
set(isal_files ${CMAKE_SOURCE_DIR}/third_party/isal_dispatch.c)
foreach(file igzip/igzip_inflate.c igzip/adler32_base.c crc/crc_base.c)
    list(APPEND isal_files ${isal_source}/${file})
endforeach()
if(CMAKE_SYSTEM_PROCESSOR STREQUAL x86_64)
    find_program(NASM nasm REQUIRED)
    foreach(file igzip/igzip_decode_block_stateless_01 igzip/igzip_decode_block_stateless_04
                 igzip/rfc1951_lookup crc/crc32_gzip_refl_by8)
        get_filename_component(stem ${file} NAME)
        set(object ${CMAKE_BINARY_DIR}/isal/${stem}.o)
        # Run in the source directory with relative names: the object then holds no path of this machine.
        add_custom_command(OUTPUT ${object}
            COMMAND ${NASM} -f elf64 -Iinclude/ -Iigzip/ -Icrc/ -DHAVE_AS_KNOWS_AVX512
                    -DAS_FEATURE_LEVEL=10 -o ${object} ${file}.asm
            WORKING_DIRECTORY ${isal_source} DEPENDS ${isal_source}/${file}.asm VERBATIM)
        set_source_files_properties(${object} PROPERTIES EXTERNAL_OBJECT ON GENERATED ON)
        list(APPEND isal_files ${object})
    endforeach()
    file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/isal)
else()
    list(APPEND isal_files
        ${isal_source}/igzip/aarch64/igzip_decode_huffman_code_block_aarch64.S
        ${isal_source}/crc/aarch64/crc32_gzip_refl_crc_ext.S)
    set_source_files_properties(${isal_source}/igzip/aarch64/igzip_decode_huffman_code_block_aarch64.S
        PROPERTIES COMPILE_OPTIONS "-include;${CMAKE_SOURCE_DIR}/third_party/isal_arm64.inc")
endif()
third_party_library(isal ${isal_source} ${isal_files})
target_compile_definitions(isal PRIVATE NO_STATIC_INFLATE_H $<$<COMPILE_LANGUAGE:ASM>:__ASSEMBLY__>)
# The inner loops are assembler; the C around them is no slower for being small.
target_compile_options(isal PRIVATE $<$<COMPILE_LANGUAGE:C>:-Os>)
target_include_directories(isal SYSTEM PUBLIC ${isal_source}/include)
target_include_directories(isal PRIVATE ${isal_source}/include ${isal_source}/igzip ${isal_source}/crc
    ${isal_source}/igzip/aarch64 ${isal_source}/crc/aarch64)
