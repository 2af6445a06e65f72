/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <errno.h>
#include <openssl/engine.h>

#include "port/key-inside.h"

/* Engines are what OpenSSL had before its providers. It calls them deprecated since 3.0; but the
 * only way to a PKCS#11 token that Debian 12 has is one (libengine-pkcs11-openssl). */

#ifndef OPENSSL_NO_ENGINE

static void engine_done(ENGINE **p) {
        ENGINE_free(*p);
}

static int ask(ENGINE *engine, const char *where, EVP_PKEY **ret, Err *e) {
        EVP_PKEY *key;

        if (ENGINE_init(engine) != 1)
                return openssl_failed(e, -EIO, "the engine does not start");
        key = ENGINE_load_private_key(engine, where, NULL, NULL);
        (void) ENGINE_finish(engine); /* the key holds it as long as it is needed */
        if (!key)
                return openssl_failed(e, -ENOKEY, "the engine gives no such key");

        *ret = key;
        return 0;
}

int key_from_engine(const char *name, const char *where, EVP_PKEY **ret, Err *e) {
        _cleanup_(engine_done) ENGINE *engine = NULL;

        ENGINE_load_builtin_engines();
        engine = ENGINE_by_id(name);
        if (!engine)
                return openssl_failed(e, -ENOENT, "OpenSSL has no such engine");
        return ask(engine, where, ret, e);
}

#else

int key_from_engine(const char *name, const char *where, EVP_PKEY **ret, Err *e) {
        (void) name;
        (void) where;
        (void) ret;
        return err_set(e, -EOPNOTSUPP, "this OpenSSL was built without engines");
}

#endif
