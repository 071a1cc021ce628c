# What is made at build time, in generated/ of the build directory: version.h, roots_data.h (the trust
# anchors), texts_data.h (licences and help).  Every module may include them and so waits for the target `generated`.

find_program(PYTHON3 python3 REQUIRED)
set(generated ${CMAKE_BINARY_DIR}/generated)
file(MAKE_DIRECTORY ${generated})

# Runs each time, and touches the file only when something changed.
add_custom_target(version BYPRODUCTS ${generated}/version.h
    COMMAND ${CMAKE_SOURCE_DIR}/toolchains/version.sh ${PROJECT_VERSION} ${generated}/version.h VERBATIM)

if(ROOTS STREQUAL "")
    fetch(roots roots_source)
    set(roots_input ${roots_source}/usr/share/ca-certificates/mozilla)
else()
    set(roots_input ${ROOTS})
endif()
add_custom_command(OUTPUT ${generated}/roots_data.h
    COMMAND ${PYTHON3} ${CMAKE_SOURCE_DIR}/third_party/roots.py ${roots_input} ${generated}/roots_data.h
    DEPENDS ${CMAKE_SOURCE_DIR}/third_party/roots.py VERBATIM)

fetch(musl musl_source)
fetch(llvm llvm_source)
add_custom_command(OUTPUT ${generated}/licenses.txt
    COMMAND ${PYTHON3} ${CMAKE_SOURCE_DIR}/third_party/licenses.py ${generated}/licenses.txt
        kist=${CMAKE_SOURCE_DIR}/LICENSE musl=${musl_source}/COPYRIGHT
        BearSSL=${bearssl_source}/LICENSE.txt ISA-L=${isal_source}/LICENSE
        jsmn=${jsmn_source}/usr/include/jsmn.h
        "libc++, libc++abi and compiler-rt=${llvm_source}/libcxx/LICENSE.TXT"
    DEPENDS ${CMAKE_SOURCE_DIR}/third_party/licenses.py ${CMAKE_SOURCE_DIR}/LICENSE VERBATIM)

file(GLOB texts_sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/cli/*.cpp ${CMAKE_SOURCE_DIR}/src/cli/*.h)
add_custom_command(OUTPUT ${generated}/texts_data.h
    COMMAND ${PYTHON3} ${CMAKE_SOURCE_DIR}/third_party/texts.py ${generated}/texts_data.h
        ${generated}/licenses.txt ${texts_sources}
    DEPENDS ${CMAKE_SOURCE_DIR}/third_party/texts.py ${CMAKE_SOURCE_DIR}/third_party/bytes.py
        ${generated}/licenses.txt ${texts_sources} VERBATIM)

add_custom_target(generated DEPENDS ${generated}/roots_data.h ${generated}/texts_data.h)
add_dependencies(generated version)
