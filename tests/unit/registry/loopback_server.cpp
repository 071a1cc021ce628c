// loopback_server.cpp - servers in a thread, plain and with BearSSL's own server.

#include "loopback_server.h"

#include <bearssl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <cstdlib>

#include "base/string.h"
#include "base/vector.h"
#include "certificates.h"
#include "check.h"

namespace kist::registry {
namespace {

constexpr int kPatienceMs = 5000;

bool readable(int fd)
{
    pollfd poll{fd, POLLIN, 0};
    return ::poll(&poll, 1, kPatienceMs) > 0;
}

class PlainPeer : public Peer {
public:
    explicit PlainPeer(Fd fd) : fd_(std::move(fd)) {}

    String request() override
    {
        String text;
        char c;
        while (!text.ends_with("\r\n\r\n")) {
            if (!readable(fd_.get()) || ::recv(fd_.get(), &c, 1, 0) != 1)
                return "";
            text += c;
        }
        return text;
    }
    void answer(std::string_view bytes) override
    {
        while (!bytes.empty()) {
            ssize_t sent = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (sent < 0)
                return;
            bytes.remove_prefix(size_t(sent));
        }
    }

private:
    Fd fd_;
};

int low_read(void* context, unsigned char* buffer, size_t size)
{
    int fd = *static_cast<int*>(context);
    ssize_t got = readable(fd) ? ::recv(fd, buffer, size, 0) : -1;
    return got > 0 ? int(got) : -1;
}

int low_write(void* context, const unsigned char* bytes, size_t size)
{
    ssize_t sent = ::send(*static_cast<int*>(context), bytes, size, MSG_NOSIGNAL);
    return sent > 0 ? int(sent) : -1;
}

// The key in server.key.
std::unique_ptr<br_skey_decoder_context> server_key()
{
    String text = fs::read_path(certificate_file("server.key")).take();
    for (size_t at; (at = text.find("PRIVATE KEY")) != text.npos;)
        text.replace(at, 11, "CERTIFICATE");  // next_certificate() reads nothing else
    std::string_view rest = text;
    Vector<unsigned char> der = next_certificate(rest).take();
    auto key = std::make_unique<br_skey_decoder_context>();
    br_skey_decoder_init(key.get());
    br_skey_decoder_push(key.get(), der.data(), der.size());
    return key;
}

class TlsPeer : public Peer {
public:
    TlsPeer(Fd fd, br_ssl_session_cache_lru& sessions) : fd_(std::move(fd)), number_(fd_.get())
    {
        link_ = {certificate_.der.data(), certificate_.der.size()};
        br_ssl_server_init_full_ec(&server_, &link_, 1, BR_KEYTYPE_EC,
                                   br_skey_decoder_get_ec(key_.get()));
        br_ssl_engine_set_versions(&server_.eng, BR_TLS12, BR_TLS12);
        br_ssl_engine_set_buffer(&server_.eng, buffer_, sizeof buffer_, 1);
        br_ssl_server_set_cache(&server_, &sessions.vtable);
        br_ssl_server_reset(&server_);
        br_sslio_init(&io_, &server_.eng, low_read, &number_, low_write, &number_);
    }
    ~TlsPeer() override
    {
        if (!rude_)
            (void)br_sslio_close(&io_);
    }

    String request() override
    {
        String text;
        char c;
        while (!text.ends_with("\r\n\r\n")) {
            if (br_sslio_read(&io_, &c, 1) != 1)
                return "";
            text += c;
        }
        return text;
    }
    void answer(std::string_view bytes) override
    {
        (void)br_sslio_write_all(&io_, bytes.data(), bytes.size());
        (void)br_sslio_flush(&io_);
    }

    String session() override
    {
        br_ssl_session_parameters parameters;
        br_ssl_engine_get_session_parameters(&server_.eng, &parameters);
        return {reinterpret_cast<char*>(parameters.session_id), parameters.session_id_len};
    }
    void be_rude() override { rude_ = true; }

private:
    bool rude_ = false;
    Fd fd_;
    int number_;
    Certificate certificate_ = certificate("server");
    std::unique_ptr<br_skey_decoder_context> key_ = server_key();
    br_x509_certificate link_{};
    br_ssl_server_context server_;
    br_sslio_context io_;
    unsigned char buffer_[BR_SSL_BUFSIZE_BIDI];
};

}  // namespace

LoopbackServer::LoopbackServer(Serve serve, Kind kind)
    : serve_(std::move(serve)),
      kind_(kind),
      listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)),
      stop_(::eventfd(0, EFD_CLOEXEC))
{
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    if (::bind(listener_.get(), generic, size) < 0 || ::listen(listener_.get(), 16) < 0 ||
        ::getsockname(listener_.get(), generic, &size) < 0)
        abort();
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { run(); });
}

LoopbackServer::~LoopbackServer()
{
    uint64_t one = 1;
    (void)!::write(stop_.get(), &one, sizeof one);
    thread_.join();
}

String LoopbackServer::url(const String& path) const
{
    return String(kind_ == Kind::tls ? "https" : "http") +
           "://localhost:" + kist::test::to_text(port_) + path;
}

void LoopbackServer::run()
{
    auto sessions = std::make_unique<br_ssl_session_cache_lru>();
    Vector<unsigned char> room(100 * 100);
    br_ssl_session_cache_lru_init(sessions.get(), room.data(), room.size());

    for (int number = 0;; number++) {
        pollfd polls[] = {{listener_.get(), POLLIN, 0}, {stop_.get(), POLLIN, 0}};
        if (::poll(polls, 2, -1) < 0 || polls[1].revents)
            return;
        Fd connection(::accept(listener_.get(), nullptr, nullptr));
        std::unique_ptr<Peer> peer;
        if (kind_ == Kind::tls)
            peer = std::make_unique<TlsPeer>(std::move(connection), *sessions);
        else
            peer = std::make_unique<PlainPeer>(std::move(connection));
        serve_(*peer, number);
    }
}

}  // namespace kist::registry
