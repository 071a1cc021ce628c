// layer.cpp - any bytes as a layer's tar stream, made into files: nothing appears outside the tree.
//
// Checksums are put right first, or hardly any input would get beyond its first header.  The first
// byte chooses the size of the pieces and, as root, whether owners are applied.

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "archive/layer.h"
#include "base/fs.h"
#include "base/string.h"
#include "base/sys.h"
#include "input.h"

using namespace kist;

namespace {

// A place with a tree to fill, a neighbour that links in the input may aim at, and nothing else.
class Place {
public:
    Place()
    {
        String name = "/dev/shm/kist-fuzz-XXXXXX";
        fuzz::must(mkdtemp(name.data()));
        path_ = name;
        fd_ = sys::open(path_, O_RDONLY | O_DIRECTORY).take();
        fuzz::must(bool(fs::make_directory(fd_, "tree")));
        fuzz::must(bool(fs::make_directory(fd_, "neighbour")));
    }
    ~Place() { (void)fs::remove_tree(sys::borrow(AT_FDCWD), path_); }

    const Fd& fd() const { return fd_; }

private:
    String path_;
    Fd fd_;
};

class Sink : public Writer {
public:
    Result<void> write(std::string_view bytes) override
    {
        size_ += bytes.size();
        return {};
    }

private:
    size_t size_ = 0;
};

void put_checksums_right(String& archive)
{
    constexpr size_t kBlock = 512, kMagic = 257, kChecksum = 148;
    for (size_t at = 0; at + kBlock <= archive.size(); at += kBlock) {
        char* block = archive.data() + at;
        if (memcmp(block + kMagic, "ustar", 5) != 0)
            continue;
        memset(block + kChecksum, ' ', 8);
        unsigned sum = 0;
        for (size_t i = 0; i < kBlock; i++)
            sum += static_cast<uint8_t>(block[i]);
        snprintf(block + kChecksum, 8, "%06o", sum);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size)
{
    if (size < 1)
        return 0;
    Place place;
    Fd tree = sys::open_at(place.fd(), "tree", O_RDONLY | O_DIRECTORY).take();
    Sink recorded;
    archive::ApplyOptions options;
    bool applies = ::geteuid() == 0 && (data[0] & 1);
    options.owners = applies ? archive::Owners::apply : archive::Owners::record;
    options.record_to = &recorded;
    options.user_xattr = (data[0] & 2) != 0;
    options.make_devices = false;
    String bytes(fuzz::text_of(data + 1, size - 1));
    put_checksums_right(bytes);
    fuzz::Pieces source(bytes, size_t(data[0]) * 16);
    (void)archive::apply_layer(source, tree, options);

    fuzz::must(fs::list(place.fd()).take().size() == 2);
    Fd neighbour = sys::open_at(place.fd(), "neighbour", O_RDONLY | O_DIRECTORY).take();
    fuzz::must(fs::list(neighbour).take().empty());
    return 0;
}
