/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a fuzz target on the files of its corpus, for builds without libFuzzer: every argument is a
 * file or a folder of files. Each input is an exact heap copy, so that sanitizers see overruns. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int run_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    struct stat info;
    uint8_t *data;
    size_t size;

    if (!file || fstat(fileno(file), &info) != 0) {
        perror(path);
        return 1;
    }
    size = (size_t)info.st_size;
    data = malloc(size ? size : 1);
    if (!data || fread(data, 1, size, file) != size) {
        fprintf(stderr, "%s: cannot be read\n", path);
        free(data);
        (void)fclose(file);
        return 1;
    }
    (void)fclose(file);
    (void)LLVMFuzzerTestOneInput(data, size);
    free(data);
    return 0;
}

static int run_folder(const char *path)
{
    DIR *folder = opendir(path);
    struct dirent *entry;
    int failed = 0;
    int n = 0;

    if (!folder) {
        perror(path);
        return 1;
    }
    while ((entry = readdir(folder)) != NULL) {
        char name[4096];
        if (entry->d_name[0] == '.') continue;
        (void)snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
        failed |= run_file(name);
        n++;
    }
    (void)closedir(folder);
    printf("%s: %d inputs\n", path, n);
    return n == 0 ? 1 : failed;
}

int main(int argc, char **argv)
{
    int failed = argc < 2;

    for (int i = 1; i < argc; i++) {
        struct stat info;
        if (stat(argv[i], &info) != 0) {
            perror(argv[i]);
            failed = 1;
        } else {
            failed |= S_ISDIR(info.st_mode) ? run_folder(argv[i]) : run_file(argv[i]);
        }
    }
    return failed;
}
