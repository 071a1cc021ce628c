// transfer.cpp - files copied into and out of containers.
//
// The archive on its way between the two processes calls what is copied "."; what that becomes is
// decided where DEST is.  The child's error comes over its socket; a broken pipe, or an archive
// that ends in the middle, only means that there is one.

#include "container/transfer.h"

#include <unistd.h>

#include <memory>

#include "archive/inflate.h"
#include "archive/layer.h"
#include "archive/pack.h"
#include "base/file_stream.h"
#include "base/fs.h"
#include "base/path.h"
#include "base/string.h"
#include "container/location.h"

namespace kist::container {

namespace {

using archive::ApplyOptions;
using archive::PackOptions;
using archive::TarWriter;

constexpr size_t kMaxOwners = 64 << 20;
constexpr char kDirectory = 'd', kOther = 'f';  // the byte in front of an archive that comes out

Error missing(const String& path)
{
    return Error(ENOENT, "%s: there is no such file or directory", path.c_str());
}

Result<Location> find_source(const Fd& root, const Transfer& transfer)
{
    auto place = locate(root, transfer.source, transfer.follow);
    if (place && place->exists() && !S_ISSOCK(place->mode))
        return place;
    if (place && place->exists())
        return Error(ENOTSUP, "%s is a socket, which cannot be copied", transfer.source.c_str());
    if (place || place.error().is(ENOENT))
        return missing(transfer.source);
    return std::move(place).error().context("%s", transfer.source.c_str());
}

// Where an archive's "." is to go.
struct Target {
    Fd directory;
    String name;  // "": it is the directory
};

Result<Target> find_target(const Fd& root, const Transfer& transfer, bool from_directory)
{
    const String& to = transfer.destination;
    auto located = locate(root, to, true);
    if (!located && located.error().is(ENOENT)) {
        String parent(path::directory(to.substr(0, to.find_last_not_of("/") + 1)));
        return Error(ENOENT, "%s: there is no such directory", parent.c_str());
    }
    Location place = TRY(std::move(located), "%s", to.c_str());
    Target target = {std::move(place.directory), std::move(place.name)};
    if (place.is_directory()) {
        if (!from_directory || !names_contents(transfer.source))
            target.name = path::base(path::clean(transfer.source));
    } else if (place.exists() && from_directory) {
        return Error(ENOTDIR, "%s is not a directory, and %s is one", to.c_str(),
                     transfer.source.c_str());
    } else if (!place.exists() && !from_directory && asserts_directory(to)) {
        return Error(ENOENT, "%s: there is no such directory", to.c_str());
    }
    auto facts = sys::stat_at(target.directory, target.name);
    if (facts && !S_ISDIR(facts->st_mode) && !S_ISREG(facts->st_mode) && !S_ISLNK(facts->st_mode))
        return Error(EINVAL, "%s is neither a file nor a directory", to.c_str());
    return target;
}

Result<uint64_t> unpack(Reader& source, const Target& target, ApplyOptions options)
{
    options.live = true;
    options.prefix = target.name;
    return TRY(archive::apply_layer(source, target.directory, options)).bytes;
}

Result<void> pack_place(const Location& place, const PackOptions& options, Writer& sink)
{
    TarWriter tar(sink);
    if (place.name.empty())
        TRY(archive::pack(place.directory, options, tar));
    else
        TRY(archive::pack_at(place.directory, place.name, options, tar));
    return tar.finish();
}

PackOptions pack_options(const String& name, bool sparse)
{
    return {.prefix = name, .top = true, .mounts = archive::Mounts::storage, .sparse = sparse};
}

Result<Fd> host_root()
{
    return sys::open("/", O_PATH | O_DIRECTORY);
}

// What a child works with; a copy of it is the parent's.
struct Job {
    const Transfer& transfer;
    sys::Pipe pipe;
    const Fd* file = nullptr;     // an archive of the caller's instead of the pipe
    bool from_directory = false;  // copy_in
};

// What is copied into a container belongs to its root, unless it is to keep its owner.
ApplyOptions options_inside(const Visited& visited, bool keep_owners)
{
    ApplyOptions options;
    options.owners = visited.one_owner ? archive::Owners::record : archive::Owners::apply;
    options.make_devices = visited.root_owner;
    options.roots = !keep_owners;
    return options;
}

// ---- errands, in the child -------------------------------------------------------------------

Result<void> send_out(const Visited& visited, void* context)
{
    Job& job = *static_cast<Job*>(context);
    if (!job.file)
        job.pipe.reader.close();
    Location place = TRY(find_source(visited.root, job.transfer));
    FileWriter sink(job.file ? *job.file : job.pipe.writer);
    if (!job.file) {
        TRY(sink.write({place.is_directory() ? &kDirectory : &kOther, 1}));
        return pack_place(place, pack_options(".", true), sink);
    }
    String name(path::base(path::clean(job.transfer.source)));
    if (names_contents(job.transfer.source))
        name = ".";
    return pack_place(place, pack_options(name, false), sink);
}

Result<void> take_in(const Visited& visited, void* context)
{
    Job& job = *static_cast<Job*>(context);
    job.pipe.writer.close();
    Target target = TRY(find_target(visited.root, job.transfer, job.from_directory));
    FileReader source(job.pipe.reader);
    TRY(unpack(source, target, options_inside(visited, job.transfer.keep_owners)));
    return {};
}

Result<void> take_in_archive(const Visited& visited, void* context)
{
    Job& job = *static_cast<Job*>(context);
    const String& to = job.transfer.destination;
    auto place = locate(visited.root, to, true);
    if (!place && !place.error().is(ENOENT) && !place.error().is(ENOTDIR))
        return std::move(place).error();
    if (!place || !place->is_directory())
        return Error(ENOTDIR, "%s is not a directory of the container", to.c_str())
            .with_hint("an archive is unpacked into a directory that exists");
    FileReader source(*job.file);
    std::unique_ptr<Reader> plain = TRY(archive::decompress(source));
    Target target = {std::move(place->directory), ""};
    TRY(unpack(*plain, target, options_inside(visited, true)));
    return {};
}

struct Export {
    const Fd& file;
    const String& owners;
};

Result<void> export_all(const Visited& visited, void* context)
{
    Export& job = *static_cast<Export*>(context);
    FileWriter sink(job.file);
    TarWriter tar(sink);
    TRY(archive::pack(visited.root, {.owners = job.owners}, tar));
    return tar.finish();
}

// What the image's layers say of owners that could not be given, the top one last.
Result<String> recorded_owners(const VisitRequest& container)
{
    String all;
    for (unsigned layer : container.container.spec.layers) {
        auto text = fs::read(container.directories.store, str::format("layers/%u/owners", layer),
                             kMaxOwners);
        if (text)
            all += *text;
        else if (!text.error().is(ENOENT))
            return std::move(text).error();
    }
    return all;
}

// ---- the caller's side -----------------------------------------------------------------------

// Which of two errors to tell: that of the other process when ours only says that it went.
Result<void> settle(Visit& visit, Result<void> ours)
{
    auto theirs = visit.finish();
    bool silent = ours || ours.error().is(EPIPE) || ours.error().is(EBADMSG);
    if (!ours && (!silent || theirs || theirs.error().is(EPIPE)))
        return ours;
    return theirs;
}

Result<uint64_t> receive(Job& job)
{
    char kind = 0;
    if (TRY(sys::read(job.pipe.reader, &kind, 1)) == 0)
        return Error(EPIPE, "nothing came");
    Fd root = TRY(host_root());
    Target target = TRY(find_target(root, job.transfer, kind == kDirectory));
    bool keeps = job.transfer.keep_owners && ::geteuid() == 0;
    ApplyOptions options;
    options.owners = keeps ? archive::Owners::apply : archive::Owners::record;
    FileReader source(job.pipe.reader);
    return unpack(source, target, std::move(options));
}

}  // namespace

Result<uint64_t> copy_out(const VisitRequest& container, const Transfer& transfer)
{
    sys::Pipe pipe = TRY(sys::pipe());
    Job job = {.transfer = transfer, .pipe = std::move(pipe)};
    Visit visit = TRY(Visit::start(container, send_out, &job));
    job.pipe.writer.close();
    auto received = receive(job);
    job.pipe.reader.close();
    uint64_t bytes = received ? *received : 0;
    TRY(settle(visit, received ? Result<void>() : std::move(received).error()));
    return bytes;
}

Result<uint64_t> copy_in(const VisitRequest& container, const Transfer& transfer)
{
    Fd root = TRY(host_root());
    Location place = TRY(find_source(root, transfer));
    sys::Pipe pipe = TRY(sys::pipe());
    Job job = {
        .transfer = transfer, .pipe = std::move(pipe), .from_directory = place.is_directory()};
    Visit visit = TRY(Visit::start(container, take_in, &job));
    job.pipe.reader.close();
    FileWriter sink(job.pipe.writer);
    auto sent = pack_place(place, pack_options(".", true), sink);
    job.pipe.writer.close();
    TRY(settle(visit, std::move(sent)));
    return sink.written();
}

Result<void> copy_out_archive(const VisitRequest& container, const Transfer& transfer,
                              const Fd& file)
{
    Job job = {.transfer = transfer, .pipe = {}, .file = &file};
    Visit visit = TRY(Visit::start(container, send_out, &job));
    return visit.finish();
}

Result<void> copy_in_archive(const VisitRequest& container, const Transfer& transfer,
                             const Fd& file)
{
    Job job = {.transfer = transfer, .pipe = {}, .file = &file};
    Visit visit = TRY(Visit::start(container, take_in_archive, &job));
    return visit.finish();
}

Result<void> export_root(const VisitRequest& container, const Fd& file)
{
    String owners = TRY(recorded_owners(container));
    Export job = {file, owners};
    Visit visit = TRY(Visit::start(container, export_all, &job));
    return visit.finish();
}

}  // namespace kist::container
