# SPDX-License-Identifier: Apache-2.0
# The program takes the distribution's libraries as archives, where they are installed: the dynamic
# linker, with 22 libraries to find and map, took two thirds of what a short command takes. Not
# libfirn.so, for which archives are not position independent enough. libfyaml stays shared: its
# archive holds a copy of xxHash.

# firn_prefer_archives(program): the shared libraries of the rooms are linked where no archive is.
function(firn_prefer_archives program)
    set(names edit bsd tinfo sqlite3 jansson md zstd lz4 deflate brotlienc brotlidec brotlicommon z xxhash utf8proc)
    execute_process(COMMAND ${CMAKE_C_COMPILER} -print-file-name=libstdc++.a
                    OUTPUT_VARIABLE stdcxx OUTPUT_STRIP_TRAILING_WHITESPACE)
    if(IS_ABSOLUTE "${stdcxx}") # what snappy needs
        list(APPEND names snappy)
    else()
        set(stdcxx "")
    endif()
    foreach(name ${names})
        find_library(FIRN_ARCHIVE_${name} lib${name}.a)
        mark_as_advanced(FIRN_ARCHIVE_${name})
        if(FIRN_ARCHIVE_${name})
            list(APPEND archives ${FIRN_ARCHIVE_${name}})
        endif()
    endforeach()
    # What an archive has given is not needed from a shared library; the names of neither are the
    # program's, so that DuckDB finds its own.
    target_link_options(${program} PRIVATE LINKER:--as-needed LINKER:--exclude-libs,ALL -static-libgcc)
    target_link_libraries(${program} PRIVATE ${archives} ${stdcxx})
endfunction()
