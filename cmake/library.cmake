# SPDX-License-Identifier: Apache-2.0
# The rooms as one library, shared and static, and what "cmake --install" puts where:
#   bin/firn  include/firn/**  lib/libfirn.so*  lib/libfirn.a  lib/pkgconfig/firn.pc
#   lib/cmake/firn/*  lib/firn/libduckdb.so (src/sql/engine_load.c looks there)
# The program does not use libfirn.so: it links the rooms, and stays one file that starts fast.
include(CMakePackageConfigHelpers)
set(CMAKE_INSTALL_LIBDIR lib CACHE STRING "Folder of libraries below the prefix")
include(GNUInstallDirs)

# Packages of the public build files: pkg-config's name for each imported target.
set(FIRN_PC_PAIRS XXHASH=libxxhash JANSSON=jansson ZSTD=libzstd LZ4=liblz4 DEFLATE=libdeflate BROTLI=libbrotlidec
    SQLITE=sqlite3 FYAML=libfyaml)

# firn_library(target type): the objects of all rooms in one library that is called firn.
function(firn_library target type)
    foreach(module ${FIRN_ALL_MODULES})
        list(APPEND objects $<TARGET_OBJECTS:${module}>)
    endforeach()
    foreach(pair ${FIRN_PC_PAIRS})
        string(REGEX REPLACE "=.*" "" name ${pair})
        list(APPEND packages PkgConfig::${name})
    endforeach()
    add_library(${target} ${type} ${objects})
    target_include_directories(${target} INTERFACE
        $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
        $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
    target_link_libraries(${target} PRIVATE ${packages} ZLIB::ZLIB Threads::Threads snappy
                          ${CMAKE_DL_LIBS} m)
    set_target_properties(${target} PROPERTIES OUTPUT_NAME firn LINKER_LANGUAGE C
        ARCHIVE_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR} LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR})
endfunction()

function(firn_libraries)
    firn_library(firn_shared SHARED)
    set(map ${PROJECT_SOURCE_DIR}/cmake/firn.map)
    set_target_properties(firn_shared PROPERTIES EXPORT_NAME firn VERSION ${PROJECT_VERSION}
        SOVERSION ${PROJECT_VERSION_MAJOR} LINK_DEPENDS ${map})
    target_link_options(firn_shared PRIVATE LINKER:--version-script=${map} LINKER:--as-needed)
    if(NOT FIRN_SANITIZE) # a sanitizer's functions come with the program
        target_link_options(firn_shared PRIVATE LINKER:--no-undefined)
    endif()
    firn_library(firn_static STATIC)
endfunction()

function(firn_install)
    set(cmake_dir ${CMAKE_INSTALL_LIBDIR}/cmake/firn)
    set(pc_dir ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
    file(RELATIVE_PATH FIRN_PC_PREFIX /${pc_dir} /)
    string(REGEX REPLACE "/$" "" FIRN_PC_PREFIX "${FIRN_PC_PREFIX}")
    list(TRANSFORM FIRN_PC_PAIRS REPLACE ".*=" "" OUTPUT_VARIABLE requires)
    list(JOIN requires " " FIRN_PC_REQUIRES)
    set(FIRN_PC_REQUIRES "${FIRN_PC_REQUIRES} zlib")
    configure_file(cmake/firn.pc.in ${CMAKE_BINARY_DIR}/firn.pc @ONLY)
    configure_package_config_file(cmake/firnConfig.cmake.in ${CMAKE_BINARY_DIR}/firnConfig.cmake
        INSTALL_DESTINATION ${cmake_dir})
    write_basic_package_version_file(${CMAKE_BINARY_DIR}/firnConfigVersion.cmake
        COMPATIBILITY SameMinorVersion)

    install(TARGETS firn RUNTIME)
    install(TARGETS firn_shared EXPORT firnTargets LIBRARY)
    install(TARGETS firn_static EXPORT firnStaticTargets ARCHIVE)
    install(EXPORT firnTargets NAMESPACE firn:: DESTINATION ${cmake_dir})
    install(EXPORT firnStaticTargets NAMESPACE firn:: DESTINATION ${cmake_dir})
    install(FILES ${CMAKE_BINARY_DIR}/firnConfig.cmake ${CMAKE_BINARY_DIR}/firnConfigVersion.cmake
            DESTINATION ${cmake_dir})
    install(FILES ${CMAKE_BINARY_DIR}/firn.pc DESTINATION ${pc_dir})
    install(DIRECTORY include/firn DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
            FILES_MATCHING PATTERN "*.h")
    # Beside the program's folder as ../lib/firn, wherever the distribution puts libfirn.so.
    get_filename_component(duckdb ${FIRN_DUCKDB_LIBRARY} REALPATH)
    install(PROGRAMS ${duckdb} DESTINATION lib/firn RENAME libduckdb.so)
endfunction()
