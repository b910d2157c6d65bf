/* SPDX-License-Identifier: Apache-2.0 */
/* Settings of a home: dotted keys and their text, gathered from firn.yaml, the environment and the
 * caller. Not for what a key means: home.c knows that. */
#ifndef FIRN_HOME_HOME_SETTINGS_H
#define FIRN_HOME_HOME_SETTINGS_H

#include "base/map.h"
#include "firn/metadata.h"

typedef struct firn_settings {
    firn_arena *arena;
    firn_map map; /* dotted key -> NUL-terminated text */
} firn_settings;

void firn_settings_init(firn_settings *settings, firn_arena *arena);
/* Add the scalars of a YAML file; a list is key.0, key.1, ... A missing file adds nothing. */
FIRN_MUST_CHECK firn_status firn_settings_add_file(firn_settings *settings, const char *path,
                                                   firn_error *err);
/* Add FIRN_<KEY> of "NAME=value" strings, the last of them NULL. */
FIRN_MUST_CHECK firn_status firn_settings_add_environment(firn_settings *settings,
                                                          char *const *environment,
                                                          firn_error *err);
FIRN_MUST_CHECK firn_status firn_settings_add(firn_settings *settings, firn_str key, firn_str value,
                                              firn_error *err);
const char *firn_settings_get(const firn_settings *settings, firn_str key, const char *fallback);

#endif
