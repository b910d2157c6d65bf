/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file firn/base.h
 * @brief What every other header needs: status codes, errors, borrowed strings.
 *
 * Ownership:  a firn_error belongs to the caller; a firn_str owns nothing.
 * Threads:    plain values; share them as you share any struct.
 * Stability:  stable within a major version; enum values are append-only.
 */
#ifndef FIRN_BASE_H
#define FIRN_BASE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
#define FIRN_BEGIN_DECLS extern "C" {
#define FIRN_END_DECLS   }
#else
#define FIRN_BEGIN_DECLS
#define FIRN_END_DECLS
#endif

#define FIRN_API             __attribute__((visibility("default")))
#define FIRN_MUST_CHECK      __attribute__((warn_unused_result))
#define FIRN_PRINTF(fmt, at) __attribute__((format(printf, fmt, at)))
#define FIRN_PACKED          __attribute__((packed))

#define FIRN_VERSION "0.1.0"

FIRN_BEGIN_DECLS

/** @brief Signed 128-bit integer: unscaled decimals of up to 38 digits. */
__extension__ typedef __int128 firn_int128;
/** @brief Magnitude of a firn_int128. */
__extension__ typedef unsigned __int128 firn_uint128;

/** @brief How a call ended. Values from 16 up are failures and fill the firn_error. */
typedef enum firn_status {
    FIRN_OK = 0,
    FIRN_DONE = 1,                /**< Flow: an iterator has no more; firn_error untouched. */
    FIRN_NEED_MORE = 2,           /**< Flow: feed more bytes; firn_error untouched. */
    FIRN_ERR_NOMEM = 16,          /**< Out of memory. */
    FIRN_ERR_ARG = 17,            /**< The caller (or the user's SQL, config) is wrong. */
    FIRN_ERR_IO = 18,             /**< Disk or network failed; os_code holds errno. */
    FIRN_ERR_CORRUPT = 19,        /**< Bytes are not what the format says; position is set. */
    FIRN_ERR_UNSUPPORTED = 20,    /**< Valid, but firn cannot do it. */
    FIRN_ERR_LIMIT = 21,          /**< A configured limit was reached. */
    FIRN_ERR_NOT_FOUND = 22,      /**< Named object does not exist. */
    FIRN_ERR_EXISTS = 23,         /**< Named object exists already. */
    FIRN_ERR_CONFLICT = 24,       /**< Another commit won: refresh and retry. */
    FIRN_ERR_COMMIT_UNKNOWN = 25, /**< A commit may have landed: no retry, no clean-up. */
    FIRN_ERR_DENIED = 26,         /**< Not permitted. */
    FIRN_ERR_CANCELLED = 27,      /**< Interrupted by the user. */
    FIRN_ERR_INTERNAL = 28,       /**< A bug in firn. */
} firn_status;

/** @brief firn_error.flags: repeating the call may succeed. */
#define FIRN_ERROR_RETRYABLE 1u

/** @brief Details of a failure, owned by the caller. All functions accept NULL for it. */
typedef struct firn_error {
    firn_status status;
    uint32_t flags;    /**< FIRN_ERROR_* bits. */
    int32_t os_code;   /**< errno or HTTP status, 0 if neither. */
    uint32_t line;     /**< 1-based line of the SQL or text input, 0 if unknown. */
    uint64_t position; /**< Byte offset for FIRN_ERR_CORRUPT; byte offset in the SQL text. */
    char message[768]; /**< UTF-8, NUL-terminated; lower case, no full stop. */
    char hint[256];    /**< What to do next; empty if there is nothing to say. */
} firn_error;

/** @brief Borrowed text or bytes; not NUL-terminated. */
typedef struct firn_str {
    const char *data;
    size_t len;
} firn_str;

/** @brief firn_str of a string literal. */
#define FIRN_STR(literal) ((firn_str){"" literal, sizeof(literal) - 1})
/** @brief Initialiser form of FIRN_STR, for tables of constants. */
#define FIRN_STR_INIT(literal)          \
    {                                   \
        "" literal, sizeof(literal) - 1 \
    }
/** @brief Arguments for a "%.*s" conversion. */
#define FIRN_STR_ARG(s) (int)(s).len, ((s).data ? (s).data : "")

/** @brief Return from the calling function unless @p expr is FIRN_OK. The only macro that jumps. */
#define FIRN_TRY(expr)                            \
    do {                                          \
        const firn_status firn_st_ = (expr);      \
        if (firn_st_ != FIRN_OK) return firn_st_; \
    } while (0)

/** @brief Lower-case name of a status, as printed by the command line ("not found"). Static. */
FIRN_API const char *firn_status_name(firn_status status);

/** @brief Version of the library, "major.minor.patch". Static. */
FIRN_API const char *firn_version(void);

FIRN_END_DECLS

#endif
