# SPDX-License-Identifier: Apache-2.0
# Warnings every target of ours is compiled with.
add_library(firn_warnings INTERFACE)
target_compile_options(firn_warnings INTERFACE
    -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes
    -Wcast-qual -Wcast-align -Wundef -Wvla -Wformat=2 -Wdouble-promotion
    $<$<C_COMPILER_ID:GNU>:-Wlogical-op -Wduplicated-cond -Wduplicated-branches>
    $<$<C_COMPILER_ID:Clang>:-Wcomma -Wunreachable-code -Wextra-semi-stmt>
    # With full optimisation gcc 12 cannot see that a failure status is never FIRN_OK.
    $<$<AND:$<C_COMPILER_ID:GNU>,$<CONFIG:Release>>:-Wno-maybe-uninitialized>
    $<$<BOOL:${FIRN_WERROR}>:-Werror>)
