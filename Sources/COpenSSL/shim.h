#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

// What OpenSSL has as macros, which Swift doesn't import: the same names with `baton_` before them.

static inline void baton_SSL_CTX_set_mode(SSL_CTX *context, long mode) { SSL_CTX_set_mode(context, mode); }
static inline int baton_SSL_CTX_set_min_proto_version(SSL_CTX *context, int version) {
    return (int)SSL_CTX_set_min_proto_version(context, version);
}
static inline int baton_SSL_CTX_set_max_proto_version(SSL_CTX *context, int version) {
    return (int)SSL_CTX_set_max_proto_version(context, version);
}
static inline int baton_SSL_CTX_set1_groups_list(SSL_CTX *context, const char *names) {
    return (int)SSL_CTX_set1_groups_list(context, names);
}
static inline void baton_SSL_CTX_set_read_ahead(SSL_CTX *context, int on) {
    SSL_CTX_set_read_ahead(context, on);
}
static inline void baton_SSL_CTX_set_session_cache_mode(SSL_CTX *context, long mode) {
    SSL_CTX_set_session_cache_mode(context, mode);
}
static inline int baton_SSL_CTX_add1_chain_cert(SSL_CTX *context, X509 *certificate) {
    return (int)SSL_CTX_add1_chain_cert(context, certificate);
}
// Returns how many bytes there are when `keys` is null.
static inline int baton_SSL_CTX_get_tlsext_ticket_keys(SSL_CTX *context, void *keys, int count) {
    return (int)SSL_CTX_get_tlsext_ticket_keys(context, keys, count);
}
static inline int baton_SSL_CTX_set_tlsext_ticket_keys(SSL_CTX *context, void *keys, int count) {
    return (int)SSL_CTX_set_tlsext_ticket_keys(context, keys, count);
}
static inline int baton_SSL_set_tlsext_host_name(SSL *ssl, const char *name) {
    return (int)SSL_set_tlsext_host_name(ssl, name);
}

static inline void baton_BIO_clear_retry_flags(BIO *bio) { BIO_clear_retry_flags(bio); }
static inline void baton_BIO_set_retry_read(BIO *bio) { BIO_set_retry_read(bio); }

// SSL_OP_BIT is a cast and a shift.
static const uint64_t baton_server_options =
    SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE
    | SSL_OP_IGNORE_UNEXPECTED_EOF;

static const unsigned long baton_readable_name = XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB;
