/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "layer/gpt-types.h"

#if defined(__x86_64__)
#define NATIVE "x86-64"
#elif defined(__aarch64__)
#define NATIVE "arm64"
#else
#define NATIVE ""
#endif

const GptTypes gpt_types[] = {
        {
                        .architecture = "x86-64",
                        .root = "4f68bce3-e8cd-4db1-96e7-fbcaf984b709",
                        .root_verity = "2c7357ed-ebd2-46d9-aec1-23d437ec2bf5",
                        .root_verity_sig = "41092b05-9fc8-4523-994f-2def0408b176",
                        .usr = "8484680c-9521-48c6-9c11-b0720656f69e",
                        .usr_verity = "77ff5f63-e7b6-4633-acf4-1565b864c0e6",
                        .usr_verity_sig = "e7bb33fb-06cf-4e81-8273-e543b413e2e2",
        },
        {
                        .architecture = "arm64",
                        .root = "b921b045-1df0-41c3-af44-4c6f280d3fae",
                        .root_verity = "df3300ce-d69f-4c92-978c-9bfb0f38d820",
                        .root_verity_sig = "6db69de6-29f4-4758-a7a5-962190f00ce3",
                        .usr = "b0e01050-ee5f-4390-949a-9101b17104e9",
                        .usr_verity = "6e11a4e7-fbca-4ded-b9e9-e1a512bb664e",
                        .usr_verity_sig = "c23ce4ff-44bd-4b00-b2d4-b41b3419e02a",
        },
        {},
};

const GptTypes *gpt_types_of(Span architecture) {
        for (const GptTypes *t = gpt_types; t->architecture; t++)
                if (span_is(architecture, t->architecture))
                        return t;
        return NULL;
}

const GptTypes *gpt_types_native(void) {
        return gpt_types_of(span_of(NATIVE));
}
