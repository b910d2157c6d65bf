# SPDX-License-Identifier: Apache-2.0
# The rooms as one library, shared and static, and what "cmake --install" puts where:
#   bin/firn  include/firn/**  lib/libfirn.so*  lib/libfirn.a  lib/pkgconfig/firn.pc
#   lib/cmake/firn/*  lib/firn/libduckdb.so (src/sql/engine/engine_load.c looks there)
# The program does not use libfirn.so: it links the rooms, and stays one file that starts fast.
include(CMakePackageConfigHelpers)
set(CMAKE_INSTALL_LIBDIR lib CACHE STRING "Folder of libraries below the prefix")
include(GNUInstallDirs)

# firn_dependencies(): FIRN_DEPENDENCIES, what the rooms link besides each other, each once.
function(firn_dependencies)
    foreach(module ${FIRN_ALL_MODULES})
        get_target_property(items ${module} INTERFACE_LINK_LIBRARIES)
        foreach(item ${items})
            if(IS_ABSOLUTE "${item}") # portable to another machine: the library's name
                get_filename_component(item ${item} NAME_WE)
                string(REGEX REPLACE "^lib" "" item ${item})
            endif()
            if(NOT item MATCHES "^firn_|^\\$<")
                list(APPEND found ${item})
            endif()
        endforeach()
    endforeach()
    list(REMOVE_DUPLICATES found)
    set(FIRN_DEPENDENCIES ${found} PARENT_SCOPE)
endfunction()

# firn_library(target type objects...): one of the libraries that are called firn.
function(firn_library target type)
    add_library(${target} ${type} ${ARGN})
    target_include_directories(${target} INTERFACE
        $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
        $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
    firn_dependencies()
    target_link_libraries(${target} PRIVATE ${FIRN_DEPENDENCIES})
    set_target_properties(${target} PROPERTIES OUTPUT_NAME firn LINKER_LANGUAGE C
        ARCHIVE_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR} LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR})
endfunction()

# Dependencies as the files for pkg-config and find_package name them.
function(firn_package_names)
    firn_dependencies()
    foreach(item ${FIRN_DEPENDENCIES})
        if(item MATCHES "^PkgConfig::(.*)")
            list(APPEND requires ${${CMAKE_MATCH_1}_MODULE_NAME})
            list(APPEND pairs ${CMAKE_MATCH_1}=${${CMAKE_MATCH_1}_MODULE_NAME})
        elseif(item MATCHES "^Threads::")
            list(APPEND packages Threads)
            list(APPEND libs -lpthread)
        elseif(item MATCHES "^(.*)::")
            list(APPEND packages ${CMAKE_MATCH_1})
            string(TOLOWER ${CMAKE_MATCH_1} name)
            string(REGEX REPLACE "^curl$" libcurl name ${name})
            list(APPEND requires ${name})
        else()
            list(APPEND libs -l${item})
        endif()
    endforeach()
    list(JOIN requires " " requires)
    list(JOIN libs " " libs)
    list(JOIN packages " " packages)
    list(JOIN pairs " " pairs)
    set(FIRN_PC_REQUIRES "${requires}" PARENT_SCOPE)
    set(FIRN_PC_LIBS "${libs}" PARENT_SCOPE)
    set(FIRN_CMAKE_PACKAGES "${packages}" PARENT_SCOPE)
    set(FIRN_CMAKE_PAIRS "${pairs}" PARENT_SCOPE)
endfunction()

function(firn_libraries)
    foreach(module ${FIRN_ALL_MODULES})
        list(APPEND objects $<TARGET_OBJECTS:${module}>)
    endforeach()
    firn_library(firn_shared SHARED ${objects})
    set(map ${PROJECT_SOURCE_DIR}/cmake/firn.map)
    set_target_properties(firn_shared PROPERTIES EXPORT_NAME firn VERSION ${PROJECT_VERSION}
        SOVERSION ${PROJECT_VERSION_MAJOR} LINK_DEPENDS ${map})
    target_link_options(firn_shared PRIVATE LINKER:--version-script=${map} LINKER:--as-needed)
    if(NOT FIRN_SANITIZE) # a sanitizer's functions come with the program
        target_link_options(firn_shared PRIVATE LINKER:--no-undefined)
    endif()

    # One object, in which names that are not FIRN_API are local: they cannot meet a program's.
    set(whole ${CMAKE_BINARY_DIR}/firn_whole.o)
    add_custom_command(OUTPUT ${whole}
        COMMAND ${CMAKE_C_COMPILER} -r -nostdlib -o ${whole} ${objects}
        COMMAND ${CMAKE_OBJCOPY} --localize-hidden ${whole}
        DEPENDS ${objects} COMMAND_EXPAND_LISTS VERBATIM
        COMMENT "Linking C object firn_whole.o")
    set_source_files_properties(${whole} PROPERTIES EXTERNAL_OBJECT ON GENERATED ON)
    firn_library(firn_static STATIC ${whole})
endfunction()

function(firn_install)
    set(cmake_dir ${CMAKE_INSTALL_LIBDIR}/cmake/firn)
    set(pc_dir ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
    file(RELATIVE_PATH FIRN_PC_PREFIX /${pc_dir} /)
    string(REGEX REPLACE "/$" "" FIRN_PC_PREFIX "${FIRN_PC_PREFIX}")
    firn_package_names()
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
