/* SPDX-License-Identifier: Apache-2.0 */
/* Arguments by table: "--name value", "--name=value", "-x value", switches, words, "--". */
#include <string.h>

#include "app.h"
#include "base/str.h"

static const app_option *find_long(const app_option *options, const char *name, size_t len)
{
    for (const app_option *o = options; o->name; o++) {
        if (strlen(o->name) == len && memcmp(o->name, name, len) == 0) return o;
    }
    return NULL;
}

static const app_option *find_letter(const app_option *options, char letter)
{
    for (const app_option *o = options; o->name; o++) {
        if (o->letter == letter) return o;
    }
    return NULL;
}

static const char *nearest_option(const app_option *options, const char *name, size_t len)
{
    const char *best = NULL;
    int best_distance = 3;
    for (const app_option *o = options; o->name; o++) {
        const int d = firn_str_distance((firn_str){name, len}, firn_str_of(o->name), 3);
        if (d < best_distance) {
            best_distance = d;
            best = o->name;
        }
    }
    return best;
}

static bool complain(const app_command *command, const char *what, const char *arg)
{
    fprintf(stderr, "error: %s %s\n", what, arg);
    fprintf(stderr, "hint: see 'firn %s --help'\n", command->name);
    return false;
}

static bool add(app_args *out, const app_option *option, const char *value)
{
    if (out->n_given == sizeof out->given / sizeof out->given[0]) return false;
    out->given[out->n_given].option = option;
    out->given[out->n_given].value = value;
    out->n_given++;
    return true;
}

/* One argument that starts with a dash; *i moves on when it takes the next one as its value. */
static bool parse_option(const app_command *command, int argc, char **argv, int *i, app_args *out)
{
    const char *arg = argv[*i];
    const bool is_long = arg[1] == '-';
    const char *name = arg + (is_long ? 2 : 1);
    const char *equals = is_long ? strchr(name, '=') : NULL;
    const size_t len = equals ? (size_t)(equals - name) : strlen(name);
    const app_option *option =
        is_long ? find_long(command->options, name, len) : find_letter(command->options, name[0]);

    if (!option) {
        complain(command, "unknown option", arg);
        const char *near = is_long ? nearest_option(command->options, name, len) : NULL;
        if (near) fprintf(stderr, "hint: did you mean --%s?\n", near);
        return false;
    }
    if (!option->value) {
        if (equals || (!is_long && name[1]))
            return complain(command, "option takes no value:", arg);
        return add(out, option, "");
    }
    const char *value = equals ? equals + 1 : (!is_long && name[1] ? name + 1 : NULL);
    if (!value && *i + 1 < argc) value = argv[++*i];
    if (!value) return complain(command, "option needs a value:", arg);
    return add(out, option, value) || complain(command, "too many options at", arg);
}

bool app_args_parse(const app_command *command, int argc, char **argv, app_args *out)
{
    bool only_words = false;

    memset(out, 0, sizeof *out);
    out->options = command->options;
    for (int i = 0; i < argc; i++) {
        const char *arg = argv[i];
        if (!only_words && strcmp(arg, "--") == 0) {
            only_words = true;
        } else if (!only_words && arg[0] == '-' && arg[1]) {
            if (!parse_option(command, argc, argv, &i, out)) return false;
        } else {
            if (out->n_words == sizeof out->words / sizeof out->words[0])
                return complain(command, "too many arguments at", arg);
            out->words[out->n_words++] = arg;
        }
    }
    return true;
}

const char *app_args_nth(const app_args *args, const char *name, size_t i)
{
    for (size_t k = 0; k < args->n_given; k++) {
        if (strcmp(args->given[k].option->name, name) == 0 && i-- == 0) return args->given[k].value;
    }
    return NULL;
}

bool app_args_has(const app_args *args, const char *name)
{
    return app_args_nth(args, name, 0) != NULL;
}

const char *app_args_get(const app_args *args, const char *name, const char *fallback)
{
    const char *value = fallback;
    const char *next;
    for (size_t i = 0; (next = app_args_nth(args, name, i)) != NULL; i++) value = next;
    return value;
}

void app_print_command_help(const app_command *command, FILE *out)
{
    fprintf(out, "firn %s - %s\n\nusage: firn [--home DIR] %s %s\n", command->name,
            command->summary, command->name, command->usage);
    if (command->options->name) fprintf(out, "\noptions:\n");
    for (const app_option *o = command->options; o->name; o++) {
        char left[64];
        snprintf(left, sizeof left, "%s%c%s--%s%s%s", o->letter ? "-" : "",
                 o->letter ? o->letter : ' ', o->letter ? ", " : "   ", o->name,
                 o->value ? " " : "", o->value ? o->value : "");
        fprintf(out, "  %-28s %s\n", left, o->help);
    }
    if (command->details) fprintf(out, "\n%s", command->details);
    firn_str examples = firn_str_of(command->examples);
    fprintf(out, "\nexamples:\n");
    while (examples.len > 0) {
        const firn_str line = firn_str_split(&examples, '\n');
        fprintf(out, "  %.*s\n", FIRN_STR_ARG(line));
    }
}
