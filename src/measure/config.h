/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/err.h"
#include "measure/plan.h"
#include "wire/limits.h"

/* avouch.conf(5): which register each lane goes into, who may record notes over the socket,
 * and what is asked of extensions. Read as systemd reads its own: the avouch.conf of the first
 * folder that has one, and then every avouch.conf.d/NAME.conf in the order of the names, each from
 * the first folder that has that name (a link to /dev/null, or an empty file, is one that says
 * nothing). */

#define CONFIG_FILE "avouch.conf"

typedef struct Config {
        Plan plan;
        char note_users[CONFIG_NAMES_MAX][CONFIG_NAME_MAX + 1]; /* names or numbers, as written */
        size_t n_note_users;
        char note_units[CONFIG_NAMES_MAX][CONFIG_NAME_MAX + 1];
        size_t n_note_units;
        bool layer_signature, layer_content; /* what is asked of extensions: layer/extension.h */
        char layer_certificates[CONFIG_NAMES_MAX][CONFIG_NAME_MAX + 1];
        size_t n_layer_certificates; /* 0: those that systemd has in its verity.d folders */
} Config;

/* What holds where nothing is configured: all lanes in pcr:8. */
Config config_default(void);

/* Applies one file's text to what holds already. -EBADMSG for what is wrong: e names the line and
 * the nearest known word, and nothing changes. */
int config_apply(Span text, Config *config, Err *e) _must_check_;

/* What is effective, as one text: every key, whatever it was spelled like. plan.config is its
 * SHA-256. */
void config_text(const Config *config, Buf *to);

/* folders: the first one counts most, NULL ends them. No file is no error. e names the file. */
int config_load(const char *const *folders, Config *ret, Err *e) _must_check_;
