/* SPDX-License-Identifier: Apache-2.0 */
/* The command line: what its commands share. Arguments, configuration, opening a home, printing
 * errors. No data logic here: that is in the library. */
#ifndef FIRN_APP_H
#define FIRN_APP_H

#include <stdio.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/env.h"
#include "base/map.h"
#include "firn/session.h"

/* Exit statuses, documented in docs/cli.md. */
enum {
    APP_OK = 0,
    APP_FAILED = 1,       /* a statement or model failed; the message says which */
    APP_USAGE = 2,        /* bad arguments or configuration, or (run) an unhandled failure */
    APP_CANNOT_OPEN = 3,  /* no such home, catalog not readable */
    APP_INTERRUPTED = 130 /* Ctrl-C */
};

typedef struct app_option {
    const char *name;  /* "format": --format */
    char letter;       /* 'c': -c; 0: none */
    const char *value; /* "FILE": takes a value; NULL: a switch */
    const char *help;
} app_option;

/* Arguments of one command, parsed. */
typedef struct app_args {
    const app_option *options; /* ends with a NULL name */
    struct {
        const app_option *option;
        const char *value;
    } given[128];
    size_t n_given;
    const char *words[128]; /* positional */
    size_t n_words;
} app_args;

bool app_args_has(const app_args *args, const char *name);
/* Last value given, or fallback. */
const char *app_args_get(const app_args *args, const char *name, const char *fallback);
/* i-th value of a repeatable option, NULL past the end. */
const char *app_args_nth(const app_args *args, const char *name, size_t i);

typedef struct app app;

typedef struct app_command {
    const char *name;
    const char *usage;   /* after "firn NAME " */
    const char *summary; /* one line for the command list */
    const char *details; /* more help; may be NULL */
    const app_option *options;
    int (*run)(app *a, const app_args *args);
} app_command;

/* State of one run of the program. */
struct app {
    const char *home;            /* --home, FIRN_HOME, "." if it has a firn.yaml, ~/.firn */
    const char *const *settings; /* -o key=value, n_settings of them */
    size_t n_settings;
    firn_arena *arena;
    firn_map config; /* dotted key -> char*; see app_config_load */
    firn_env *env;
    firn_store *store;
    firn_catalog *catalog;
    bool is_error_json;
};

/* Parse argv (after the command's name). False: message printed, exit with APP_USAGE. */
bool app_args_parse(const app_command *command, int argc, char **argv, app_args *out);
void app_print_command_help(const app_command *command, FILE *out);

/* Read <home>/firn.yaml (if there is one), then environment variables FIRN_<KEY> (dots as "__",
 * dashes as "_"), then -o settings; later ones win. */
FIRN_MUST_CHECK firn_status app_config_load(app *a, firn_error *err);
const char *app_config_get(const app *a, const char *key, const char *fallback);

/* Make the environment (threads, memory, failpoints, log to stderr). */
FIRN_MUST_CHECK firn_status app_open_env(app *a, firn_error *err);
/* Configuration, environment, store and catalog of the home; FIRN_ERR_NOT_FOUND with a hint when
 * there is no home yet. */
FIRN_MUST_CHECK firn_status app_open_home(app *a, firn_error *err);
/* Absolute form of a path, in the arena; NULL with err filled if it has no absolute form. */
const char *app_absolute(app *a, const char *path, firn_error *err);
void app_close(app *a);

/* Print an error (and the SQL line with a caret when sql is not NULL) to stderr; returns the exit
 * status that goes with it. */
int app_print_error(const app *a, const firn_error *err, const char *sql);
/* Like app_print_error for a failure to open things. */
int app_print_open_error(const app *a, const firn_error *err);

/* Route Ctrl-C to firn_env_cancel and firn_session_cancel while session is set. */
void app_catch_interrupt(firn_env *env, firn_session *session);
bool app_was_interrupted(void);
void app_clear_interrupt(void);

extern const app_command app_command_init, app_command_generate, app_command_run, app_command_sql,
    app_command_table, app_command_version;

#endif
