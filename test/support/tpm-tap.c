/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"

/* tpm-tap SOCKET LOG [CODE:ACTION:TIMES]...: stands between libtss2 ("cmd:tpm-tap ...") and swtpm,
 * writes down the code of each command that passes, and spoils some of them. The first TIMES
 * commands of that CODE (eight hex digits; TIMES is decimal) meet the ACTION:
 *   RC      (eight hex digits) are answered with this response code, and never reach the TPM
 *   lose    reach the TPM, whose answer is dropped and the connection with it
 *   drop    do not reach the TPM, and the connection ends
 *   meddle  reach the TPM after somebody else's, which it answers too
 *   @FILE   are answered with the bytes of FILE */

enum { MESSAGE_MAX = 65536, HEADER = 10 };

typedef struct Message {
        uint8_t bytes[MESSAGE_MAX];
        size_t size;
} Message;

static uint32_t be32(const uint8_t *at) {
        return (uint32_t) at[0] << 24 | (uint32_t) at[1] << 16 | (uint32_t) at[2] << 8 | at[3];
}

static bool read_whole(int fd, uint8_t *into, size_t size) {
        while (size > 0) {
                ssize_t n = read(fd, into, size);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n <= 0)
                        return false;
                into += n;
                size -= (size_t) n;
        }
        return true;
}

static bool write_whole(int fd, const uint8_t *bytes, size_t size) {
        while (size > 0) {
                ssize_t n = write(fd, bytes, size);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n <= 0)
                        return false;
                bytes += n;
                size -= (size_t) n;
        }
        return true;
}

static bool read_message(int fd, Message *m) {
        if (!read_whole(fd, m->bytes, HEADER))
                return false;
        m->size = be32(m->bytes + 2);
        if (m->size < HEADER || m->size > MESSAGE_MAX)
                return false;
        return read_whole(fd, m->bytes + HEADER, m->size - HEADER);
}

static bool ask_tpm(const char *path, Message *m) {
        _cleanup_(fd_done) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        struct sockaddr_un a = { .sun_family = AF_UNIX };

        (void) snprintf(a.sun_path, sizeof(a.sun_path), "%s", path);
        return fd >= 0 && connect(fd, (struct sockaddr *) &a, sizeof(a)) == 0 &&
               write_whole(fd, m->bytes, m->size) && read_message(fd, m);
}

/* Writes the code down, and says how many of it came before, in this run or an earlier one. */
static size_t count_and_log(const char *log, const char *code) {
        FILE *f = fopen(log, "a+");
        char line[32];
        size_t n = 0;

        if (!f)
                exit(1);
        while (fgets(line, sizeof(line), f))
                if (strncmp(line, code, 8) == 0)
                        n++;
        fprintf(f, "%s\n", code);
        (void) fclose(f);
        return n;
}

/* The action for this command; NULL for none. */
static const char *action_for(char **rules, const char *code, size_t before) {
        for (; *rules; rules++) {
                const char *times = strrchr(*rules, ':');

                if (strncmp(*rules, code, 8) == 0 && times && before < strtoul(times + 1, NULL, 16))
                        return *rules + 9;
        }
        return NULL;
}

static bool answer_file(const char *path, Message *m) {
        char name[4096];
        FILE *f;

        (void) snprintf(name, sizeof(name), "%.*s", (int) (strrchr(path, ':') - path), path);
        f = fopen(name, "r");
        if (!f)
                return false;
        m->size = fread(m->bytes, 1, sizeof(m->bytes), f);
        (void) fclose(f);
        return true;
}

/* TPM2_GetRandom of one byte, as anybody may ask. */
static bool meddle(const char *tpm) {
        static Message m;

        m = (Message){ .bytes = "\x80\x01\0\0\0\x0c\0\0\x01\x7b\0\x01", .size = 12 };
        return ask_tpm(tpm, &m) && be32(m.bytes + 6) == 0;
}

static bool handle(const char *tpm, const char *action, Message *m) {
        if (!action)
                return ask_tpm(tpm, m);
        if (strncmp(action, "lose:", 5) == 0) {
                (void) ask_tpm(tpm, m);
                return false;
        }
        if (strncmp(action, "drop:", 5) == 0)
                return false;
        if (strncmp(action, "meddle:", 7) == 0)
                return meddle(tpm) && ask_tpm(tpm, m);
        if (action[0] == '@')
                return answer_file(action + 1, m);

        memcpy(m->bytes, "\x80\x01\x00\x00\x00\x0a", 6);
        m->size = HEADER;
        return text_unhex((Span){ (const uint8_t *) action, 8 }, m->bytes + 6, 4);
}

int main(int argc, char **argv) {
        static Message m;

        if (argc < 3)
                return 2;
        while (read_message(STDIN_FILENO, &m)) {
                char code[16];
                size_t before;

                (void) snprintf(code, sizeof(code), "%08x", (unsigned) be32(m.bytes + 6));
                before = count_and_log(argv[2], code);
                if (!handle(argv[1], action_for(argv + 3, code, before), &m))
                        return 1;
                if (!write_whole(STDOUT_FILENO, m.bytes, m.size))
                        return 1;
        }
        return 0;
}
