/* SPDX-License-Identifier: Apache-2.0 */
/* The command line: what its commands share. Arguments, configuration, opening a home, printing
 * errors. No data logic here: that is in the library. */
#ifndef FIRN_APP_H
#define FIRN_APP_H

#include <stdio.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/env.h"
#include "firn/home.h"
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
    const char *examples; /* lines of a shell that work where the retail example was loaded */
} app_command;

/* State of one run of the program. */
struct app {
    const char *home_path;         /* --home; NULL: firn_home_open's default */
    const firn_property *settings; /* -o key=value, n_settings of them */
    size_t n_settings;
    firn_arena *arena;
    firn_home *home;
    firn_env *env; /* the home's, like store and catalog */
    firn_store *store;
    firn_catalog *catalog;
    bool is_error_json;
};

/* Parse argv (after the command's name). False: message printed, exit with APP_USAGE. */
bool app_args_parse(const app_command *command, int argc, char **argv, app_args *out);
void app_print_command_help(const app_command *command, FILE *out);

/* What of the home a command needs. */
typedef enum app_home_kind {
    APP_HOME = 0,  /* an existing home */
    APP_HOME_INIT, /* made if it is missing */
    APP_HOME_NONE, /* settings, environment and store; no catalog */
} app_home_kind;
/* Open the home (log to stderr). is_new (may be NULL): APP_HOME_INIT made its catalog. */
FIRN_MUST_CHECK firn_status app_open_home(app *a, app_home_kind kind, bool *is_new,
                                          firn_error *err);
/* Absolute form of a path, in the arena; NULL with err filled if it has no absolute form. */
const char *app_absolute(app *a, const char *path, firn_error *err);
void app_close(app *a);

/* Where a statement that failed stands. */
typedef struct app_sql_place {
    const char *sql;  /* NULL: no line of it is shown */
    const char *file; /* it was read from; NULL: none */
    uint32_t line;    /* of the file or text, where sql begins; 0: not known */
} app_sql_place;

/* Print an error to stderr, with file, line and a caret when a place is given (it may be NULL);
 * returns the exit status that goes with it. */
int app_print_error(const app *a, const firn_error *err, const app_sql_place *place);
/* Like app_print_error for a failure to open things. */
int app_print_open_error(const app *a, const firn_error *err);

/* Columns of the terminal on standard output; fallback if it has none. */
int32_t app_terminal_width(int32_t fallback);
/* A terminal that may show colours: NO_COLOR is not set, nor TERM=dumb. */
bool app_wants_color(int fd);

/* Route Ctrl-C to firn_env_cancel and firn_session_cancel while session is set. */
void app_catch_interrupt(firn_env *env, firn_session *session);
/* How many Ctrl-C within one piece of work end the program; 2 unless this is called. */
void app_interrupts_to_exit(int n);
bool app_was_interrupted(void);
void app_clear_interrupt(void);

/* The i-th command, NULL past the end. */
const app_command *app_command_at(size_t i);

extern const app_command app_command_cat, app_command_changes, app_command_completion,
    app_command_doctor, app_command_inspect, app_command_init, app_command_generate,
    app_command_maintain, app_command_plan, app_command_run, app_command_sql, app_command_table,
    app_command_version;

#endif
