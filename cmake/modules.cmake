# SPDX-License-Identifier: Apache-2.0
# How rooms, the program, tests, fuzz targets and benchmarks become build targets. Files are found
# by folder, so adding one needs no change here.

# firn_module(name DEPS ...): static library firn_<name> of src/<name>/**.c
function(firn_module name)
    cmake_parse_arguments(ARG "" "" "DEPS" ${ARGN})
    file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/${name}/*.c)
    if(NOT sources)
        add_library(firn_${name} INTERFACE)
        target_link_libraries(firn_${name} INTERFACE ${ARG_DEPS})
        return()
    endif()
    add_library(firn_${name} STATIC ${sources})
    target_include_directories(firn_${name} PUBLIC ${PROJECT_SOURCE_DIR}/include
                               ${PROJECT_SOURCE_DIR}/src)
    target_link_libraries(firn_${name} PUBLIC ${ARG_DEPS} PRIVATE firn_warnings)
endfunction()

set(FIRN_ALL_MODULES firn_home firn_pipeline firn_sql firn_catalog firn_iceberg firn_format
    firn_store firn_base)

function(firn_program)
    file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/apps/firn/*.c)
    if(NOT sources)
        return()
    endif()
    add_executable(firn ${sources})
    target_include_directories(firn PRIVATE ${PROJECT_SOURCE_DIR}/apps/firn)
    target_link_libraries(firn PRIVATE firn_warnings ${FIRN_ALL_MODULES})
    if(NOT FIRN_SANITIZE)
        firn_prefer_archives(firn)
    endif()
    target_link_libraries(firn PRIVATE PkgConfig::EDIT PkgConfig::UTF8PROC)
    set_target_properties(firn PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR})
endfunction()

# tests/<module>/test_<unit>.c: one program and one CTest entry each.
function(firn_tests)
    pkg_check_modules(CMOCKA REQUIRED IMPORTED_TARGET cmocka)
    file(GLOB support CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/support/*.c)
    if(support)
        add_library(firn_test_support STATIC ${support})
        target_include_directories(firn_test_support PUBLIC ${PROJECT_SOURCE_DIR}/tests/support)
        target_compile_definitions(firn_test_support PRIVATE
            FIRN_TEST_DATA="${PROJECT_SOURCE_DIR}/tests/data")
        target_link_libraries(firn_test_support PUBLIC ${FIRN_ALL_MODULES} PkgConfig::CMOCKA
                              PkgConfig::JANSSON PRIVATE firn_warnings)
        # fail_alloc.c refuses memory on demand
        target_link_options(firn_test_support INTERFACE
            -Wl,--wrap=malloc,--wrap=realloc,--wrap=free,--undefined=__wrap_malloc)
    endif()
    file(GLOB tests CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/*/test_*.c)
    foreach(source ${tests})
        get_filename_component(name ${source} NAME_WE)
        get_filename_component(folder ${source} DIRECTORY)
        get_filename_component(module ${folder} NAME)
        add_executable(${name} ${source})
        target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests/support)
        target_compile_definitions(${name} PRIVATE
            FIRN_TEST_DATA="${PROJECT_SOURCE_DIR}/tests/data")
        target_link_libraries(${name} PRIVATE ${FIRN_ALL_MODULES} PkgConfig::CMOCKA firn_warnings)
        if(support)
            target_link_libraries(${name} PRIVATE firn_test_support)
        endif()
        set_target_properties(${name} PROPERTIES
            RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
        add_test(NAME ${module}.${name} COMMAND ${name})
        set_tests_properties(${module}.${name} PROPERTIES TIMEOUT 300 LABELS unit)
    endforeach()
endfunction()

# tests/headers: every public header compiles alone as C11, C17 and C++17.
function(firn_header_tests)
    find_program(FIRN_CXX_COMPILER NAMES c++ g++ clang++)
    set(cxx ${FIRN_CXX_COMPILER})
    if(NOT cxx)
        set(cxx "")
    endif()
    add_test(NAME headers.standalone
        COMMAND ${PROJECT_SOURCE_DIR}/tests/headers/check_headers.sh
            ${PROJECT_SOURCE_DIR}/include ${CMAKE_C_COMPILER} "${cxx}")
    set_tests_properties(headers.standalone PROPERTIES TIMEOUT 300 LABELS unit)
endfunction()

# fuzz/fuzz_<format>.c with corpus/<format>/: libFuzzer under clang with FIRN_SANITIZE, else a
# driver that replays the corpus. Either way CTest replays the corpus.
function(firn_fuzz_targets)
    file(GLOB targets CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/fuzz/fuzz_*.c)
    foreach(source ${targets})
        get_filename_component(name ${source} NAME_WE)
        string(REPLACE "fuzz_" "" format ${name})
        if(FIRN_LIBFUZZER)
            add_executable(${name} ${source})
            target_compile_options(${name} PRIVATE -fsanitize=fuzzer)
            target_link_options(${name} PRIVATE -fsanitize=fuzzer)
        else()
            add_executable(${name} ${source} ${PROJECT_SOURCE_DIR}/fuzz/replay.c)
        endif()
        target_link_libraries(${name} PRIVATE ${FIRN_ALL_MODULES})
        set_target_properties(${name} PROPERTIES
            RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/fuzz)
        set(corpus ${PROJECT_SOURCE_DIR}/fuzz/corpus/${format})
        if(FIRN_LIBFUZZER)
            add_test(NAME fuzz.${format} COMMAND ${name} -runs=0 ${corpus})
        else()
            add_test(NAME fuzz.${format} COMMAND ${name} ${corpus})
        endif()
        set_tests_properties(fuzz.${format} PROPERTIES TIMEOUT 120 LABELS fuzz)
    endforeach()
endfunction()

# bench/bench_<thing>.c; bench/support/*.c is what they share
function(firn_bench_programs)
    file(GLOB support CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/bench/support/*.c)
    add_library(firn_bench_support STATIC ${support})
    target_include_directories(firn_bench_support PUBLIC ${PROJECT_SOURCE_DIR}/bench/support)
    target_link_libraries(firn_bench_support PUBLIC ${FIRN_ALL_MODULES} PRIVATE firn_warnings)
    file(GLOB programs CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/bench/bench_*.c)
    foreach(source ${programs})
        get_filename_component(name ${source} NAME_WE)
        add_executable(${name} ${source})
        target_link_libraries(${name} PRIVATE firn_bench_support ${FIRN_ALL_MODULES} firn_warnings)
        set_target_properties(${name} PROPERTIES
            RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bench)
    endforeach()
endfunction()
