// tls.cpp - the engine of BearSSL, pumped by one loop over a socket.
//
// The engine has its own buffers: what the socket receives goes straight in, what it has decrypted
// is shown from there.  Nothing is copied on the way.

#include "registry/tls.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/log.h"
#include "base/random.h"
#include "base/str.h"
#include "base/string.h"
#include "registry/tls_error.h"

namespace kist::registry {

namespace {

constexpr size_t kMaxSessions = 16;

// clang-format off
constexpr uint16_t kAesFirst[] = {
    BR_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
    BR_TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
    BR_TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
    BR_TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
    BR_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
    BR_TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
};
constexpr uint16_t kChaChaFirst[] = {
    BR_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
    BR_TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
    BR_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
    BR_TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
    BR_TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
    BR_TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
};
// clang-format on
constexpr const char* kProtocols[] = {"http/1.1"};

// br_ssl_engine_set_default_chapol() without what serves machines of 32 bits and x86 without SSE2.
void set_up_chapol(br_ssl_engine_context* engine)
{
    br_ssl_engine_set_chapol(engine, &br_sslrec_in_chapol_vtable, &br_sslrec_out_chapol_vtable);
#ifdef __x86_64__
    br_ssl_engine_set_chacha20(engine, br_chacha20_sse2_get());
#else
    br_ssl_engine_set_chacha20(engine, br_chacha20_ct_run);
#endif
    br_ssl_engine_set_poly1305(engine, br_poly1305_ctmulq_get());
}

// br_ssl_client_init_full() would do all this and link twice as much.
void set_up(br_ssl_client_context& client)
{
    br_ssl_engine_context* engine = &client.eng;
    br_ssl_client_zero(&client);
    br_ssl_engine_set_versions(engine, BR_TLS12, BR_TLS12);
    // BearSSL has AES in hardware on x86 only; its portable AES is slower than its ChaCha20.
    bool fast_aes = br_aes_x86ni_ctr_get_vtable() != nullptr && br_ghash_pclmul_get() != nullptr;
    br_ssl_engine_set_suites(engine, fast_aes ? kAesFirst : kChaChaFirst, std::size(kAesFirst));
    br_ssl_engine_set_ec(engine, &br_ec_all_m31);
    br_ssl_engine_set_ecdsa(engine, br_ecdsa_i31_vrfy_asn1);
    br_ssl_engine_set_rsavrfy(engine, br_rsa_i31_pkcs1_vrfy);
    br_ssl_engine_set_hash(engine, br_sha256_ID, &br_sha256_vtable);
    br_ssl_engine_set_hash(engine, br_sha384_ID, &br_sha384_vtable);
    br_ssl_engine_set_hash(engine, br_sha512_ID, &br_sha512_vtable);
    br_ssl_engine_set_prf_sha256(engine, br_tls12_sha256_prf);
    br_ssl_engine_set_prf_sha384(engine, br_tls12_sha384_prf);
    br_ssl_engine_set_default_aes_gcm(engine);
    set_up_chapol(engine);
    br_ssl_engine_set_protocol_names(engine, const_cast<const char**>(kProtocols),
                                     std::size(kProtocols));
    br_ssl_engine_add_flags(engine, BR_OPT_NO_RENEGOTIATION);

    unsigned char seed[32];
    random::fill(seed, sizeof seed);
    br_ssl_engine_inject_entropy(engine, seed, sizeof seed);
}

class TlsTransport : public Transport {
public:
    TlsTransport(Socket socket, Trust& trust, const Url& host)
        : socket_(std::move(socket)), host_(host), examination_(trust, host_)
    {
        set_up(client_);
        br_ssl_engine_set_buffers_bidi(engine(), input_, sizeof input_, output_, sizeof output_);
        br_ssl_engine_set_x509(engine(), examination_.validator());
    }

    Result<void> shake_hands(const br_ssl_session_parameters* resumed)
    {
        if (resumed)
            br_ssl_engine_set_session_parameters(engine(), resumed);
        bool is_name = host_.host.find_first_not_of("0123456789.") != host_.host.npos &&
                       host_.host.find(':') == host_.host.npos;
        if (!br_ssl_client_reset(&client_, is_name ? host_.host.c_str() : nullptr,
                                 resumed != nullptr))
            return Error(EIO, "TLS cannot start (BearSSL error %d)",
                         br_ssl_engine_last_error(engine()));
        bool open = TRY(pump(BR_SSL_SENDAPP));
        if (!open)
            return Error(ECONNRESET, "%s ended TLS before it began", socket_.name().c_str());
        shaking_hands_ = false;
        return {};
    }

    br_ssl_session_parameters session()
    {
        br_ssl_session_parameters parameters;
        br_ssl_engine_get_session_parameters(engine(), &parameters);
        return parameters;
    }

    Result<std::string_view> peek() override
    {
        bool open = TRY(pump(BR_SSL_RECVAPP));
        if (!open)
            return std::string_view();
        size_t size = 0;
        unsigned char* bytes = br_ssl_engine_recvapp_buf(engine(), &size);
        return std::string_view(reinterpret_cast<char*>(bytes), size);
    }

    void consume(size_t size) override
    {
        if (size > 0)
            br_ssl_engine_recvapp_ack(engine(), size);
    }

    Result<void> write(std::string_view bytes) override
    {
        while (!bytes.empty()) {
            bool open = TRY(pump(BR_SSL_SENDAPP));
            if (!open)
                return Error(EPIPE, "%s has closed the connection", socket_.name().c_str());
            size_t room = 0;
            unsigned char* buffer = br_ssl_engine_sendapp_buf(engine(), &room);
            size_t size = std::min(room, bytes.size());
            memcpy(buffer, bytes.data(), size);
            br_ssl_engine_sendapp_ack(engine(), size);
            br_ssl_engine_flush(engine(), 0);
            bytes.remove_prefix(size);
        }
        (void)TRY(pump(BR_SSL_SENDAPP));
        return {};
    }

    bool is_quiet() override
    {
        unsigned state = br_ssl_engine_current_state(engine());
        return !(state & (BR_SSL_CLOSED | BR_SSL_RECVAPP)) && socket_.is_quiet();
    }

private:
    br_ssl_engine_context* engine() { return &client_.eng; }

    // Moves records both ways until the engine can do what `target` names; false when the other
    // side has said goodbye.  Sending comes first, because the engine may wait for nothing else.
    Result<bool> pump(unsigned target)
    {
        while (true) {
            unsigned state = br_ssl_engine_current_state(engine());
            if (state & BR_SSL_CLOSED) {
                if (br_ssl_engine_last_error(engine()) == BR_ERR_OK)
                    return false;
                return failure();
            }
            if (state & BR_SSL_SENDREC) {
                TRY(send_records());
                continue;
            }
            if (state & target)
                return true;
            if (state & BR_SSL_RECVAPP)
                return Error(EPROTO, "%s talks before it is asked", socket_.name().c_str());
            if (state & BR_SSL_RECVREC)
                TRY(receive_records());
            else
                br_ssl_engine_flush(engine(), 0);
        }
    }

    Result<void> send_records()
    {
        size_t size = 0;
        unsigned char* bytes = br_ssl_engine_sendrec_buf(engine(), &size);
        auto sent = socket_.send({reinterpret_cast<char*>(bytes), size});
        // The alert that says why we refuse may find nobody listening; the reason counts.
        if (!sent && examination_.refusal())
            return failure();
        br_ssl_engine_sendrec_ack(engine(), TRY(std::move(sent)));
        return {};
    }

    Result<void> receive_records()
    {
        size_t room = 0;
        unsigned char* buffer = br_ssl_engine_recvrec_buf(engine(), &room);
        size_t size = TRY(socket_.receive(buffer, room));
        if (size == 0)
            return Error(ECONNRESET,
                         shaking_hands_
                             ? "%s closed the connection in the middle of the TLS handshake"
                             : "%s closed the connection without saying so in TLS",
                         socket_.name().c_str());
        // The first byte is the type of a record (RFC 5246, section 6.2.1); a server for plain HTTP
        // begins its complaint there.
        if (!std::exchange(heard_, true) && (buffer[0] < 20 || buffer[0] > 24))
            return not_tls_error(socket_.name());
        br_ssl_engine_recvrec_ack(engine(), size);
        return {};
    }

    Error failure()
    {
        if (examination_.refusal())
            return *examination_.refusal();
        return tls_error(br_ssl_engine_last_error(engine()), shaking_hands_, socket_.name());
    }

    Socket socket_;
    Url host_;
    Examination examination_;
    bool shaking_hands_ = true;
    bool heard_ = false;
    br_ssl_client_context client_;
    unsigned char input_[BR_SSL_BUFSIZE_INPUT];
    unsigned char output_[BR_SSL_BUFSIZE_OUTPUT];
};

}  // namespace

Result<std::unique_ptr<Transport>> TlsClient::connect(Socket socket, const Url& host)
{
    String name = host.host_and_port();
    br_ssl_session_parameters parameters;
    bool known = recall(name, &parameters);

    auto transport = std::make_unique<TlsTransport>(std::move(socket), trust_, host);
    TRY(transport->shake_hands(known ? &parameters : nullptr));
    remember(name, transport->session());
    return std::unique_ptr<Transport>(std::move(transport));
}

bool TlsClient::recall(const String& name, br_ssl_session_parameters* parameters)
{
    std::lock_guard lock(mutex_);
    for (const Session& session : sessions_)
        if (session.name == name) {
            *parameters = session.parameters;
            return true;
        }
    return false;
}

void TlsClient::remember(const String& name, const br_ssl_session_parameters& parameters)
{
    if (parameters.session_id_len == 0)
        return;
    std::lock_guard lock(mutex_);
    erase_if(sessions_, [&](const Session& session) { return session.name == name; });
    if (sessions_.size() == kMaxSessions)
        sessions_.erase(sessions_.begin());
    sessions_.push_back({name, parameters});
}

}  // namespace kist::registry
