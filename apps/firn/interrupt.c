/* SPDX-License-Identifier: Apache-2.0 */
/* Ctrl-C: the first cancels the running work, another within it ends the program. The handler
 * needs process-wide state; it is all here. */
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "app.h"

static _Atomic(firn_env *) g_env;
static _Atomic(firn_session *) g_session;
static volatile sig_atomic_t g_count;
static volatile sig_atomic_t g_to_exit = 2;

static void on_interrupt(int signo)
{
    (void)signo;
    g_count++;
    if (g_count >= g_to_exit) _exit(APP_INTERRUPTED);
    firn_env *env = atomic_load(&g_env);
    firn_session *session = atomic_load(&g_session);
    if (env) firn_env_cancel(env);
    if (session) firn_session_cancel(session);
}

void app_catch_interrupt(firn_env *env, firn_session *session)
{
    struct sigaction sa;
    atomic_store(&g_env, env);
    atomic_store(&g_session, session);
    memset(&sa, 0, sizeof sa);
    sa.sa_handler = on_interrupt;
    sigemptyset(&sa.sa_mask);
    sigaction(SIGINT, &sa, NULL);
    sigaction(SIGTERM, &sa, NULL);
}

void app_interrupts_to_exit(int n)
{
    g_to_exit = n;
}

bool app_was_interrupted(void)
{
    return g_count > 0;
}

void app_clear_interrupt(void)
{
    g_count = 0;
    firn_env *env = atomic_load(&g_env);
    if (env) firn_env_uncancel(env);
}
