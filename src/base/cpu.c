/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cpu.h"

#if FIRN_HAS_X86
firn_cpu_level firn_cpu_best(void)
{
    if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("bmi2"))
        return FIRN_CPU_PORTABLE;
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
        __builtin_cpu_supports("avx512vbmi") && __builtin_cpu_supports("avx512vbmi2"))
        return FIRN_CPU_AVX512;
    return FIRN_CPU_AVX2;
}
#else
firn_cpu_level firn_cpu_best(void)
{
    return FIRN_CPU_PORTABLE;
}
#endif
