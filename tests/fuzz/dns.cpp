// dns.cpp - any bytes as a question from a container, as a server's answer to it, as a connection's
// stream, and as a resolv.conf.
//
// The first byte says how much of the answer is put right; the question follows behind its length.

#include <arpa/inet.h>
#include <sys/socket.h>

#include <cstdlib>
#include <cstring>

#include "base/dns_message.h"
#include "base/fs.h"
#include "base/resolv_conf.h"
#include "base/str.h"
#include "input.h"
#include "network/resolver.h"
#include "network/wiring.h"

using namespace kist;
using namespace kist::network;

namespace {

constexpr size_t kHead = 12;

Fd open_datagrams(uint16_t port, bool bound)
{
    Fd made(::socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(bound ? INADDR_LOOPBACK : INADDR_LOOPBACK + 10);
    auto* name = reinterpret_cast<sockaddr*>(&address);
    fuzz::must((bound ? ::bind : ::connect)(made.get(), name, sizeof address) == 0);
    return made;
}

uint16_t port_of(const Fd& socket)
{
    sockaddr_in address{};
    socklen_t size = sizeof address;
    fuzz::must(::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0);
    return ntohs(address.sin_port);
}

// A resolver with a container in front of it and a server behind it, both of them us.
class Stage {
public:
    Stage() : server_(open_datagrams(0, true))
    {
        char directory[] = "/tmp/kist-fuzz-XXXXXX";
        fuzz::must(::mkdtemp(directory));
        String state = directory;
        Fd root = sys::open(state, O_RDONLY | O_DIRECTORY).take();
        Fd run = fs::make_directories(state + "/run/c1").take();
        Endpoint endpoint;
        endpoint.network = "mynet";
        endpoint.network_id = "n1";
        endpoint.gateway = "172.18.0.1";
        endpoint.resolves = true;
        (void)write_wiring(run, {.container = "c1", .endpoints = {endpoint}});
        (void)fs::replace(root, "resolv.conf", "nameserver 127.0.0.1\noptions attempts:1\n");
        auto sockets = ResolverSockets::open().take();
        client_ = open_datagrams(sockets.port, false);
        resolver_ = new Resolver(std::move(sockets), {.state = state,
                                                      .container = "c1",
                                                      .resolv_conf = state + "/resolv.conf",
                                                      .port = port_of(server_)});
    }

    void play(std::string_view question, String answer, unsigned right)
    {
        (void)::send(client_.get(), question.data(), question.size(), 0);
        turn();
        char buffer[8192];
        sockaddr_in from{};
        socklen_t size = sizeof from;
        auto* name = reinterpret_cast<sockaddr*>(&from);
        ssize_t got = ::recvfrom(server_.get(), buffer, sizeof buffer, 0, name, &size);
        if (got >= 0) {
            fuzz::must(dns::is_question({buffer, size_t(got)}));
            if (right & 1 && answer.size() >= 2)
                memcpy(answer.data(), buffer, 2);
            if (right & 2 && answer.size() > kHead && size_t(got) > kHead) {
                answer.replace(kHead, 0, {buffer + kHead, size_t(got) - kHead});
                answer[2] = char(answer[2] | 0x80);
            }
            (void)::sendto(server_.get(), answer.data(), answer.size(), 0, name, size);
            turn();
            // Whatever that was, now it ends.
            buffer[2] = char(0x81);
            buffer[3] = 2;
            (void)::sendto(server_.get(), buffer, size_t(got), 0, name, size);
            turn();
        }
        while (::recv(client_.get(), buffer, sizeof buffer, 0) >= 0)
            fuzz::must(uint8_t(buffer[2]) & 0x80);
        Vector<pollfd> waits;
        resolver_->wish(waits);
        fuzz::must(waits.size() <= 2 + 1);
    }

private:
    void turn()
    {
        Vector<pollfd> waits;
        resolver_->wish(waits);
        (void)::poll(waits.data(), waits.size(), 0);
        resolver_->act(waits);
    }

    Fd server_, client_;
    Resolver* resolver_ = nullptr;
};

// With `reply` behind the head and the question that make it an answer.
void read_records(std::string_view reply, std::string_view message, const dns::Question& question)
{
    String useful(message.substr(0, question.end));
    useful[2] = char(0x80 | (reply[2] & 7));
    useful[3] = char(reply[3] & 0xf0);
    memcpy(useful.data() + 6, reply.data() + 6, kHead - 6);
    useful += reply.substr(kHead);
    fuzz::must(dns::judge(useful, message, question.end) == dns::Verdict::useful);
    (void)dns::is_truncated(useful);
    for (dns::Type type : {dns::Type::a, dns::Type::aaaa}) {
        auto found = dns::records_of(useful, question.end, type);
        fuzz::must(found.size() <= 16);
        for (std::string_view data : found) {
            fuzz::must(data.data() > useful.data() && data.data() + data.size() <= useful.end());
            (void)SocketName::of(data, 53);
        }
    }
}

void read_message(std::string_view message, std::string_view reply)
{
    if (!dns::is_question(message))
        return;
    dns::Question question = dns::read_question(message);
    fuzz::must(question.end <= message.size() && question.name.size() < 256);
    fuzz::must(question.limit >= 512 && question.limit <= dns::kMaxUdp);
    dns::Answer made(message, question, question.code, question.limit);
    for (int i = 0; question.end && i < 300; i++)
        made.add(dns::Type::aaaa, "0123456789abcdef");
    String answer = std::move(made).take();
    fuzz::must(answer.size() <= question.limit && !dns::is_question(answer));
    if (!question.end)
        return;
    fuzz::must(dns::judge(answer, message, question.end) != dns::Verdict::foreign ||
               uint8_t(answer[2]) & 0x78);
    (void)dns::judge(reply, message, question.end);
    if (reply.size() >= kHead)
        read_records(reply, message, question);
    (void)dns::wire_name(question.name);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size)
{
    static Stage stage;
    if (size < 3)
        return 0;
    size_t length = std::min<size_t>(data[1] << 8 | data[2], size - 3);
    std::string_view rest = fuzz::text_of(data + 3, size - 3);
    read_message(rest.substr(0, length), rest.substr(length));
    stage.play(rest.substr(0, length), String(rest.substr(length)), data[0]);

    dns::Stream stream;
    stream.in = rest;
    String message;
    for (size_t left = stream.in.size(); stream.next(message); left = stream.in.size())
        fuzz::must(left == stream.in.size() + message.size() + 2);
    ResolvConf upstream;
    upstream.read(rest, 53);
    fuzz::must(upstream.timeout && upstream.attempts && upstream.servers.size() <= 8);
    return 0;
}
