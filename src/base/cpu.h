/* SPDX-License-Identifier: Apache-2.0 */
/* What the processor can do, in three steps. Rooms with hot loops keep one table of functions per
 * step and pick at run time; the first step is plain C and must do everything. */
#ifndef FIRN_BASE_CPU_H
#define FIRN_BASE_CPU_H

typedef enum firn_cpu_level {
    FIRN_CPU_PORTABLE = 0,
    FIRN_CPU_AVX2,   /* with BMI2 */
    FIRN_CPU_AVX512, /* F, BW, DQ, VL, VBMI, VBMI2: Ice Lake, Zen 4 and later */
} firn_cpu_level;

/* The highest level of this machine; cheap. */
firn_cpu_level firn_cpu_best(void);

#if defined(__x86_64__)
#define FIRN_HAS_X86          1
#define FIRN_TARGET(features) __attribute__((target(features)))
#define FIRN_TARGET_AVX2      FIRN_TARGET("avx2,bmi,bmi2,popcnt")
#define FIRN_TARGET_AVX512 \
    FIRN_TARGET("avx2,bmi,bmi2,popcnt,avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi,avx512vbmi2")
#else
#define FIRN_HAS_X86 0
#endif

#endif
