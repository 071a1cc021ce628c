// spawn.cpp - processes of kist's own that outlive the command.

#include "service/spawn.h"

#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/log.h"
#include "base/string.h"
#include "base/sys.h"
#include "container/self.h"
#include "service/protocol.h"

extern char** environ;

namespace kist::service {

namespace {

constexpr int kEmptyPath = 0x1000;  // AT_EMPTY_PATH

// The executable of a living monitor: the peer of a container's socket.
std::optional<Fd> executable_of_another(const void* context)
{
    const auto& engine = *static_cast<const Engine*>(context);
    auto ids = fs::list(engine.directories.volatiles);
    if (!ids)
        return {};
    for (const String& id : *ids) {
        auto directory = sys::open_at(engine.directories.volatiles, id, O_RDONLY | O_DIRECTORY);
        Fd socket(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
        if (!directory || !socket.is_open())
            continue;
        sockaddr_un address = socket_address(*directory, kControl);
        if (::connect(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) < 0)
            continue;
        if (auto program = sys::open(str::format("/proc/%d/exe", process_of(socket)), O_RDONLY))
            return std::move(*program);
    }
    return {};
}

// In the child: what is open must not be there in the new program, but for our two descriptors and
// stderr, to which a monitor says what a user must know until its container runs.
void arrange(int socket, int file)
{
    (void)::setsid();
    // Out of the way of the numbers that they are to have.
    int high_socket = ::fcntl(socket, F_DUPFD, kFirstFree);
    int high_file = ::fcntl(file, F_DUPFD, kFirstFree);
    int nowhere = ::open("/dev/null", O_RDWR);
    (void)::dup2(nowhere, 0);
    (void)::dup2(nowhere, 1);
    (void)::dup2(high_socket, kBornSocket);
    if (file >= 0)
        (void)::dup2(high_file, kBornFile);
    else
        (void)::dup2(nowhere, 2);
    // Those above go when the new program is executed: the executable itself is among them.
    sys::close_range(file >= 0 ? kFirstFree : kBornFile, ~0U, sys::kCloseRangeOnExec);
    (void)::chdir("/");
}

}  // namespace

Result<Fd> spawn(const Engine& engine, const Birth& birth)
{
    Fd program = TRY(container::protected_executable(executable_of_another, &engine));
    sys::Pipe socket = TRY(sys::socket_pair());
    const char* level = log::enabled(log::Level::debug) ? "debug" : "warn";
    const char* argv[] = {"kist",
                          birth.word,
                          engine.places.root.c_str(),
                          engine.places.state.c_str(),
                          birth.name.c_str(),
                          level,
                          nullptr};
    pid_t child = ::fork();
    if (child < 0)
        return os_error("fork");
    if (child == 0) {
        arrange(socket.writer.get(), birth.file ? birth.file->get() : -1);
        ::syscall(SYS_execveat, program.get(), "", argv, environ, kEmptyPath);
        birth.refuse(Fd(kBornSocket), os_error("cannot execute kist"));
        _exit(127);
    }
    return std::move(socket.reader);
}

std::optional<Born> be_born(std::span<char* const> words)
{
    if (words.size() != 4)
        return {};
    (void)::prctl(PR_SET_NAME, "kist", 0, 0, 0);
    if (std::string_view(words[3]) == "debug")
        log::set_level(log::Level::debug);
    for (int number : {kBornSocket, kBornFile})
        (void)::fcntl(number, F_SETFD, FD_CLOEXEC);
    return Born{{words[0], words[1]}, words[2], Fd(kBornSocket)};
}

}  // namespace kist::service
