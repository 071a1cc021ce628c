// tcp_flow.cpp - the pump.
//
// A half is one socket and what was read from it and is not written to the other yet.  Sockets are
// watched for edges, so whoever stops before a call has said EAGAIN has to know that more will be
// told: a short read is the end of what there was, unless the other side has sent its end (then
// that is to be read, too) or urgent data (at which reads stop).
//
// Little is copied through one buffer that all share, which takes two calls.  Who fills that buffer
// sends in bulk: its bytes go through a pipe as references to pages (splice(2)).  A half keeps a
// pipe only as long as something is in it, which is when the other side does not read.

#include "network/tcp_flow.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace kist::network {

namespace {

constexpr size_t kCopySize = 64 << 10;
constexpr size_t kWide = 1 << 20, kNarrow = 256 << 10;  // bytes in a pipe
constexpr size_t kBudget = 1 << 20;   // moved in one go: then it is the others' turn
constexpr size_t kLittle = 16 << 10;  // in one go: that is not bulk
constexpr unsigned kLittleTimes = 8;
constexpr size_t kMaxPipes = 128;
constexpr size_t kMaxWidePipes = 16;
constexpr size_t kFilesPerPipe = 16;  // that we may have: of which pipes take an eighth
constexpr size_t kMaxSparePipes = 8;
constexpr size_t kMaxHeld = 8 << 20;
constexpr uint32_t kEnd = EPOLLRDHUP | EPOLLHUP | EPOLLERR;

char g_buffer[kCopySize];

}  // namespace

class TcpHalf : public Handler {
public:
    TcpHalf(TcpFlows& flows, Fd socket, TcpAccount& account, bool accepted)
        : flows_(flows), account_(account), socket_(std::move(socket)), accepted_(accepted)
    {
    }
    void ready(uint32_t events) override;

private:
    friend class TcpFlows;
    bool watch();
    void move();
    bool flush();
    ssize_t copy();
    ssize_t fill();
    void drop_rest();
    void stall();
    void pass_end();
    void end(bool reset);
    void close(bool reset);
    void about_to_send();

    TcpFlows& flows_;
    TcpAccount& account_;
    TcpHalf* peer_ = nullptr;
    Fd socket_;
    TcpFlows::Pipe pipe_;
    String rest_;  // what is held, from `at_` on; or it is in the pipe
    size_t at_ = 0, in_pipe_ = 0;
    size_t place_ = 0;         // in flows_
    unsigned little_ = 0;      // how often in a row it was little
    bool spoke_last_ = false;  // of both: whose next bytes are no answer
    bool accepted_, sent_ = false, settled_ = accepted_;
    bool bulk_ = false;
    bool ending_ = false;     // its end is at hand, or urgent data: a short read says nothing
    bool urgent_ = false;     // splice(2) does not get past that
    bool asks_room_ = false;  // EPOLLOUT is watched for
    bool stalled_ = false;    // until the peer has room
    bool eof_ = false, passed_ = false;
};

bool TcpHalf::watch()
{
    uint32_t events = EPOLLIN | EPOLLPRI | EPOLLRDHUP | EPOLLET;
    return bool(flows_.reactor_.watch(socket_, asks_room_ ? events | EPOLLOUT : events, *this));
}

void TcpHalf::ready(uint32_t events)
{
    urgent_ |= (events & EPOLLPRI) != 0;
    ending_ |= (events & (kEnd | EPOLLPRI)) != 0;
    if (events & EPOLLERR && (eof_ || stalled_))
        return end(true);
    if (events != EPOLLOUT && !eof_ && !stalled_)
        move();
    if ((events & EPOLLOUT || !events) && socket_.is_open() && peer_->stalled_)
        peer_->move();
}

// From this socket to the other, until there is no more, or no room, or others have waited enough.
void TcpHalf::move()
{
    stalled_ = false;
    for (size_t moved = 0; flush();) {
        if (eof_)
            return pass_end();
        if (moved >= kBudget)
            return flows_.reactor_.again(*this);
        ssize_t got = bulk_ ? fill() : copy();
        if (got < 0 && errno != EAGAIN)
            return end(true);
        eof_ = !got;
        moved += got > 0 ? size_t(got) : 0;
        bool drained = got < ssize_t(kCopySize) && !bulk_ && !ending_ && rest_.empty();
        if (got < 0 || (got > 0 && drained)) {
            little_ = moved < kLittle ? little_ + 1 : 0;
            bulk_ &= little_ < kLittleTimes;
            if (little_ && moved && !spoke_last_)
                flows_.reactor_.expect_answer();
            spoke_last_ = true;
            peer_->spoke_last_ = false;
            return flows_.give_back(pipe_);
        }
    }
}

// Writes what is held; false: not all, or the flow has ended.
bool TcpHalf::flush()
{
    while (in_pipe_ || at_ < rest_.size()) {
        int to = peer_->socket_.get();
        peer_->about_to_send();
        ssize_t sent = in_pipe_ ? ::splice(pipe_.reader.get(), nullptr, to, nullptr, in_pipe_,
                                           SPLICE_F_MOVE | SPLICE_F_NONBLOCK)
                                : ::send(to, &rest_[at_], rest_.size() - at_, MSG_NOSIGNAL);
        if (sent < 0) {
            errno == EAGAIN ? stall() : end(true);
            return false;
        }
        if (in_pipe_) {
            in_pipe_ -= size_t(sent);
        } else if ((at_ += size_t(sent)) == rest_.size()) {
            drop_rest();
        }
    }
    return true;
}

void TcpHalf::drop_rest()
{
    flows_.held_ -= rest_.size();
    rest_ = String();
    at_ = 0;
}

ssize_t TcpHalf::copy()
{
    // When too much is held what there is no room for stays where it is.
    bool looks = flows_.held_ >= kMaxHeld;
    ssize_t got = ::recv(socket_.get(), g_buffer, kCopySize, looks ? MSG_PEEK : 0);
    if (got <= 0)
        return got;
    peer_->about_to_send();
    ssize_t sent = ::send(peer_->socket_.get(), g_buffer, size_t(got), MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN)
        return -1;
    sent = sent < 0 ? 0 : sent;
    if (looks && sent)
        ::recv(socket_.get(), g_buffer, size_t(sent), MSG_TRUNC);
    if (looks && sent < got) {
        stall();
        errno = EAGAIN;
        return -1;
    }
    rest_.append(g_buffer + sent, size_t(got - sent));
    flows_.held_ += rest_.size();
    bulk_ = got == ssize_t(kCopySize) && !urgent_;
    return got;
}

ssize_t TcpHalf::fill()
{
    if (!pipe_.size)
        pipe_ = flows_.take_pipe();
    if (!pipe_.size || urgent_) {
        bulk_ = false;
        return copy();
    }
    ssize_t got = ::splice(socket_.get(), nullptr, pipe_.writer.get(), nullptr, pipe_.size,
                           SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
    in_pipe_ = got > 0 ? size_t(got) : 0;
    return got;
}

void TcpHalf::stall()
{
    stalled_ = true;
    if (peer_->asks_room_)
        return;
    // Watched anew, so that room that has come meanwhile is told of, too.
    peer_->asks_room_ = true;
    if (!peer_->watch())
        end(true);
}

void TcpHalf::pass_end()
{
    // Who ends a socket that is connecting calls that off.
    uint8_t state = 0;  // the first field of tcp_info
    socklen_t size = sizeof state;
    int to = peer_->socket_.get();
    if (!peer_->accepted_ && !peer_->sent_ &&
        ::getsockopt(to, IPPROTO_TCP, TCP_INFO, &state, &size) == 0 && state == TCP_SYN_SENT)
        return stall();
    passed_ = true;
    flows_.give_back(pipe_);
    if (peer_->passed_)
        end(false);
    else
        ::shutdown(to, SHUT_WR);
}

void TcpHalf::end(bool reset)
{
    TcpHalf* listed = accepted_ ? this : peer_;
    flows_.flows_.back()->place_ = listed->place_;
    flows_.flows_[listed->place_] = flows_.flows_.back();
    flows_.flows_.pop_back();
    account_.flows--;
    peer_->close(reset);
    close(reset);
}

void TcpHalf::close(bool reset)
{
    if (reset)
        TcpFlows::abort(std::move(socket_));
    socket_.close();
    stalled_ = false;
    drop_rest();
    if (in_pipe_) {
        pipe_ = {};
        flows_.free_pipes_++;
    }
    flows_.give_back(pipe_);
    flows_.reactor_.retire(this);
}

// What is set costs a call, which connections that say one thing only do without.
void TcpHalf::about_to_send()
{
    if (sent_ && !settled_) {
        TcpFlows::settle(socket_);
        settled_ = true;
    }
    sent_ = true;
}

TcpFlows::TcpFlows(Reactor& reactor)
    : reactor_(reactor),
      most_pipes_(std::min(kMaxPipes, max_files() / kFilesPerPipe)),
      free_pipes_(most_pipes_)
{
}

TcpFlows::~TcpFlows()
{
    while (!flows_.empty())
        flows_.back()->end(true);
}

void TcpFlows::start(Fd accepted, Fd connected, TcpAccount& account)
{
    auto* one = new TcpHalf(*this, std::move(accepted), account, true);
    auto* other = new TcpHalf(*this, std::move(connected), account, false);
    one->peer_ = other;
    other->peer_ = one;
    one->place_ = flows_.size();
    flows_.push_back(one);
    account.flows++;
    if (!other->watch() || !one->watch())
        one->end(true);
}

void TcpFlows::reset(const TcpAccount& account)
{
    for (size_t i = flows_.size(); i-- > 0;)
        if (&flows_[i]->account_ == &account)
            flows_[i]->end(true);
}

void TcpFlows::settle(const Fd& socket)
{
    int on = 1;
    ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    ::setsockopt(socket.get(), SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
}

void TcpFlows::abort(Fd socket)
{
    linger at_once{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(socket.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

TcpFlows::Pipe TcpFlows::take_pipe()
{
    Pipe pipe;
    if (!pipes_.empty()) {
        pipe = std::move(pipes_.back());
        pipes_.pop_back();
        return pipe;
    }
    int ends[2];
    if (!free_pipes_ || ::pipe2(ends, O_NONBLOCK | O_CLOEXEC) < 0)
        return pipe;
    pipe.size = most_pipes_ - free_pipes_ < kMaxWidePipes ? kWide : kNarrow;
    free_pipes_--;
    pipe.reader = Fd(ends[0]);
    pipe.writer = Fd(ends[1]);
    // An ordinary user has some megabytes for all pipes: behind that they stay as they are.
    ::fcntl(ends[1], F_SETPIPE_SZ, int(pipe.size));
    return pipe;
}

void TcpFlows::give_back(Pipe& pipe)
{
    if (pipe.size && pipes_.size() < kMaxSparePipes)
        pipes_.push_back(std::move(pipe));
    else if (pipe.size)
        free_pipes_++;
    pipe = {};
}

}  // namespace kist::network
