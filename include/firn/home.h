/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file firn/home.h
 * @brief Open a home: the folder whose firn.yaml says which catalog and which stores there are.
 *
 * The command line opens homes with these same functions. Settings are read from firn.yaml, then
 * environment variables FIRN_<KEY> (dots as "__", dashes as "_"), then firn_home_opts.settings;
 * later ones win. Every key is optional:
 *
 *     default-catalog       name of the catalog; "firn"
 *     catalog.NAME.type     "sql" (default) or "in-memory", which lasts as long as the home is open
 *     catalog.NAME.uri      "sqlite:///catalog.db"; relative to the home
 *     catalog.NAME.warehouse  where new tables' files go: a folder relative to the home
 *                           ("warehouse"), or a location ("memory://warehouse", the default of
 *                           in-memory catalogs)
 *     threads, memory, log-level  of the environment: 0 (one a CPU), "512MiB", "warning"
 *     cache.memory, cache.disk  decoded manifests kept for later plans: in memory "64MiB", as files
 *                           in the home's folder "cache" "1GiB"; "0": none
 *
 * Ownership:  open/close. Environment, store and catalog belong to the home; sessions, tables and
 *             pipelines opened with them are closed before it.
 * Threads:    opening and closing: one thread; the getters: any.
 */
#ifndef FIRN_HOME_H
#define FIRN_HOME_H

#include "firn/env.h"
#include "firn/ext/catalog.h"
#include "firn/ext/store.h"

FIRN_BEGIN_DECLS

typedef struct firn_home firn_home;

/** @brief Options of firn_home_open(). Copied. Zero in any field means "default". */
typedef struct firn_home_opts {
    size_t struct_size;
    firn_str path; /**< Empty: FIRN_HOME, else "." if it has a firn.yaml, else ~/.firn. */
    const firn_property *settings; /**< Win over file and environment. */
    size_t n_settings;
    bool ignore_environment; /**< No FIRN_* variable has a say. */
    bool without_catalog;    /**< Settings, environment and store only; the folder may be missing.
                                  firn_home_catalog() is NULL. */
    void (*log)(void *ctx, int32_t level, firn_str message); /**< Default: none. See env.h. */
    void *log_ctx;
} firn_home_opts;

#define FIRN_HOME_OPTS(...) (&(firn_home_opts){.struct_size = sizeof(firn_home_opts), __VA_ARGS__})

/** @brief Open a home that exists. NULL opts: defaults.
 * @retval FIRN_ERR_NOT_FOUND    There is no catalog yet: firn_home_create() makes one.
 * @retval FIRN_ERR_ARG          firn.yaml or a setting is wrong; the message says which.
 * @retval FIRN_ERR_UNSUPPORTED  A catalog of a kind that this release does not have. */
FIRN_API FIRN_MUST_CHECK firn_status firn_home_open(const firn_home_opts *opts, firn_home **out,
                                                    firn_error *err);
/** @brief Open a home after making what is missing of it: folder, firn.yaml, catalog with
 * namespace "default", warehouse folder. A complete home is opened as it is.
 * @param[out] is_new_out  Whether the catalog was made by this call. May be NULL. */
FIRN_API FIRN_MUST_CHECK firn_status firn_home_create(const firn_home_opts *opts, bool *is_new_out,
                                                      firn_home **out, firn_error *err);
/** @brief Close catalog, store and environment. NULL is fine. */
FIRN_API void firn_home_close(firn_home *home);

/** @brief The folder, as an absolute path. */
FIRN_API firn_str firn_home_path(const firn_home *home);
FIRN_API firn_env *firn_home_env(const firn_home *home);
/** @brief Local files and "memory://" locations. */
FIRN_API firn_store *firn_home_store(const firn_home *home);
/** @brief The default catalog. */
FIRN_API firn_catalog *firn_home_catalog(const firn_home *home);
/** @brief A setting by its dotted key; @p fallback where none is given. NUL-terminated. */
FIRN_API firn_str firn_home_setting(const firn_home *home, firn_str key, firn_str fallback);

FIRN_END_DECLS

#endif
