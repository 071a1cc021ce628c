// visit.cpp - the way to a container's files.

#include "container/visit.h"

#include <linux/sched.h>
#include <poll.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <csignal>

#include "base/fs.h"
#include "base/process.h"
#include "base/string.h"
#include "base/vector.h"
#include "container/mount_api.h"
#include "container/processes.h"
#include "container/rootfs.h"
#include "container/sweep.h"
#include "container/volumes.h"

namespace kist::container {

namespace {

using Tier = image::StoreMap::Tier;

// A living container's first process, or the lock of one that does not run.
struct Handle {
    std::optional<Fd> process, lock;
    State state;
};

// One that is starting or ending, or that somebody else visits, is waited for.
Result<Handle> take_hold(const VisitRequest& request)
{
    constexpr int kPauseMs = 20, kMaxPauses = 500;
    const String& id = request.container.spec.id;
    for (int i = 0; i < kMaxPauses; i++) {
        Fd directory = TRY(request.directories.open_container(id));
        Handle handle;
        handle.state = TRY(read_state(directory));
        handle.lock = TRY(request.directories.take_lock(id));
        if (handle.lock)
            return handle;
        handle.process = TRY(find_process(handle.state));
        if (handle.process)
            return handle;
        (void)::poll(nullptr, 0, kPauseMs);
    }
    return Error(EBUSY, "container \"%s\" is being started, or copied from or to",
                 request.container.spec.name.c_str())
        .with_hint("try again when that is done");
}

Result<void> join(const String& directory, const char* name, int kind)
{
    Fd target = TRY(sys::open(directory + "/ns/" + name, O_RDONLY));
    if (::syscall(SYS_setns, target.get(), kind) < 0)
        return os_error("join the container's %s namespace", name);
    return {};
}

// The mount of the root alone, without what is mounted on it; nothing when the kernel refuses that.
Result<std::optional<Fd>> root_alone(const String& directory)
{
    // Copied, so that it is ours to come back to.
    if (::syscall(SYS_unshare, CLONE_NEWNS) < 0)
        return os_error("make a mount namespace");
    Fd own = TRY(sys::open("/proc/self/ns/mnt", O_RDONLY));
    TRY(join(directory, "mnt", CLONE_NEWNS));
    auto alone = clone_tree(sys::borrow(AT_FDCWD), "/", Depth::one);
    if (::syscall(SYS_setns, own.get(), CLONE_NEWNS) < 0)
        return os_error("come back from the container's mount namespace");
    return alone ? std::optional<Fd>(alone.take()) : std::optional<Fd>();
}

// In the child.
Result<Fd> enter_living(const VisitRequest& request, Handle& handle)
{
    pid_t pid = TRY(hold_representative(handle.state, *handle.process));
    String directory = str::format("/proc/%d", pid);
    // In tier single the container's user namespace is not below the outer one.
    if (request.outer.map.tier == Tier::single)
        TRY(join(directory, "user", CLONE_NEWUSER));
    else
        TRY(enter_outer(request.outer, request.places));
    Fd root = TRY(sys::open(directory + "/root", O_PATH | O_DIRECTORY));
    if (!request.volumes)
        if (std::optional<Fd> alone = TRY(root_alone(directory)))
            root = std::move(*alone);
    // All this was about that process only if it is still there.
    pollfd ended = {handle.process->get(), POLLIN, 0};
    if (::poll(&ended, 1, 0) != 0)
        return Error(ESRCH, "container \"%s\" has just ended", request.container.spec.name.c_str());
    return root;
}

// In the child.
Result<Fd> enter_mounted(const VisitRequest& request)
{
    const Spec& spec = request.container.spec;
    TRY(enter_outer(request.outer, request.places));
    if (::syscall(SYS_unshare, CLONE_NEWNS) < 0)
        return os_error("make a mount namespace");
    if (::mount(nullptr, "/", nullptr, MS_REC | MS_SLAVE, nullptr) < 0)
        return os_error("separate the mounts from the host's");
    Fd store = TRY(sys::open(request.places.root, O_RDONLY | O_DIRECTORY));
    Vector<Volume> volumes;
    if (request.volumes)
        volumes = TRY(open_volumes(spec, store));
    Fd root = TRY(mount_root(
        {.spec = spec, .store = store, .user_xattr = request.outer.map.tier != Tier::root}));
    if (request.volumes) {
        TRY(fill_volumes(spec, root, volumes));
        TRY(mount_volumes({spec, root}, volumes));
    }
    if (spec.read_only)
        TRY(restrict_mount(root, "the root file system", Depth::one, kAttributeReadOnly));
    return root;
}

Result<void> go(const VisitRequest& request, Handle& handle, Errand errand, void* context)
{
    Fd root = TRY(handle.process ? enter_living(request, handle) : enter_mounted(request));
    // What we have open is nobody's business who might share our pid namespace.
    (void)::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    Tier tier = request.outer.map.tier;
    return errand(
        {.root = root, .one_owner = tier == Tier::single, .root_owner = tier == Tier::root},
        context);
}

}  // namespace

Visit::Visit(const VisitRequest& request, Fd report, pid_t child, std::optional<Fd> lock)
    : directories_(request.directories),
      id_(request.container.spec.id),
      report_(std::move(report)),
      child_(child),
      lock_(std::move(lock))
{
}

Visit::Visit(Visit&& other) noexcept
    : directories_(other.directories_),
      id_(other.id_),
      report_(std::move(other.report_)),
      child_(std::exchange(other.child_, 0)),
      lock_(std::exchange(other.lock_, std::nullopt))
{
}

void Visit::release()
{
    if (lock_)
        (void)sys::unlink_at(directories_.locks, id_);
    lock_.reset();
}

Visit::~Visit()
{
    if (child_ > 0) {
        (void)::kill(child_, SIGKILL);  // not waited for yet: the pid is still its own
        (void)process::wait(child_);
    }
    release();
}

Result<Visit> Visit::start(const VisitRequest& request, Errand errand, void* context)
{
    Handle handle = TRY(take_hold(request));
    sys::Pipe socket = TRY(sys::socket_pair());
    (void)::signal(SIGPIPE, SIG_IGN);  // whoever reads an archive may have seen enough
    pid_t child = ::fork();
    if (child < 0)
        return os_error("fork");
    if (child == 0) {
        socket.reader.close();
        ::umask(0);
        auto done = go(request, handle, errand, context);
        if (!done)
            (void)send_report(socket.writer, Report::of(Stage::setup, done.error()));
        _exit(done ? 0 : 1);
    }
    return Visit(request, std::move(socket.reader), child, std::move(handle.lock));
}

Result<void> Visit::finish()
{
    auto report = receive_report(report_);
    int status = TRY(process::wait(std::exchange(child_, 0)));
    release();
    std::optional<Report> failure = TRY(std::move(report));
    if (failure)
        return std::move(*failure).error();
    if (status != 0)
        return Error(ECHILD, "the process that saw to the container's files was killed");
    return {};
}

}  // namespace kist::container
