#ifndef CCURL_SHIM_H
#define CCURL_SHIM_H
#include <curl/curl.h>

// libcurl's setters are variadic, which Swift can't call: one for each type.
// curl_easy_setopt is a checking macro as well; the parentheses go around it.

static inline CURLcode baton_curl_set_long(CURL *handle, CURLoption option, long value) {
    return (curl_easy_setopt)(handle, option, value);
}

static inline CURLcode baton_curl_set_string(CURL *handle, CURLoption option, const char *value) {
    return (curl_easy_setopt)(handle, option, value);
}

static inline CURLcode baton_curl_set_pointer(CURL *handle, CURLoption option, void *value) {
    return (curl_easy_setopt)(handle, option, value);
}

typedef size_t (*baton_curl_writer)(char *bytes, size_t size, size_t count, void *context);

static inline CURLcode baton_curl_set_writer(CURL *handle, baton_curl_writer writer, void *context) {
    CURLcode code = (curl_easy_setopt)(handle, CURLOPT_WRITEFUNCTION, writer);
    return code ? code : (curl_easy_setopt)(handle, CURLOPT_WRITEDATA, context);
}

static inline long baton_curl_get_long(CURL *handle, CURLINFO info) {
    long value = 0;
    (curl_easy_getinfo)(handle, info, &value);
    return value;
}

/// In microseconds, or bytes: a curl_off_t.
static inline long long baton_curl_get_offset(CURL *handle, CURLINFO info) {
    curl_off_t value = 0;
    (curl_easy_getinfo)(handle, info, &value);
    return value;
}

static inline const char *baton_curl_get_string(CURL *handle, CURLINFO info) {
    const char *value = 0;
    (curl_easy_getinfo)(handle, info, &value);
    return value;
}

/// The next transfer that ended, and how; null when none has.
static inline CURL *baton_curl_next_done(CURLM *multi, CURLcode *result) {
    int left;
    CURLMsg *message;
    while ((message = curl_multi_info_read(multi, &left)))
        if (message->msg == CURLMSG_DONE) {
            *result = message->data.result;
            return message->easy_handle;
        }
    return 0;
}
#endif
