//! Where programs are looked for: which file systems, and which directories not.

/// What becomes of a mount below a root directory, by its type. The mount of the root directory itself is always walked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// It is walked.
    Walked,
    /// It holds files of other hosts or of none.
    LeftOut,
    /// It is not walked, and may hold programs of this host: an image, or a type that is not known.
    Doubtful,
}

/// Local file systems.
const LOCAL: [&str; 19] = [
    "bcachefs", "btrfs", "ext2", "ext3", "ext4", "f2fs", "jffs2", "jfs", "minix", "nilfs2", "ramfs", "reiser4",
    "reiserfs", "tmpfs", "ubifs", "ufs", "vxfs", "xfs", "zfs",
];

/// Images and layers, which are parts of the host itself where they stand at one of [`SYSTEM`].
const IMAGES: [&str; 7] = ["aufs", "cramfs", "erofs", "iso9660", "overlay", "squashfs", "udf"];

/// Where system extensions (`systemd-sysext`) and images of the system itself are mounted.
const SYSTEM: [&[u8]; 2] = [b"/opt", b"/usr"];

/// Of the network, shared, in user space, of other systems, or made by the kernel; also all that begins with `fuse.`.
const OTHERS: [&str; 65] = [
    "9p",
    "adfs",
    "affs",
    "afs",
    "autofs",
    "bdev",
    "beegfs",
    "bfs",
    "binder",
    "binfmt_misc",
    "bpf",
    "ceph",
    "cgroup",
    "cgroup2",
    "cifs",
    "coda",
    "configfs",
    "cpuset",
    "debugfs",
    "devpts",
    "devtmpfs",
    "ecryptfs",
    "efivarfs",
    "exfat",
    "fuse",
    "fuseblk",
    "fusectl",
    "gfs2",
    "gpfs",
    "hfs",
    "hfsplus",
    "hugetlbfs",
    "kafs",
    "lustre",
    "mqueue",
    "msdos",
    "nfs",
    "nfs4",
    "nfsd",
    "nsfs",
    "ntfs",
    "ntfs3",
    "nullfs",
    "ocfs2",
    "orangefs",
    "panfs",
    "pidfs",
    "pipefs",
    "proc",
    "pstore",
    "pvfs2",
    "resctrl",
    "rootfs",
    "rpc_pipefs",
    "securityfs",
    "selinuxfs",
    "smackfs",
    "smb3",
    "sysfs",
    "tracefs",
    "vboxsf",
    "vfat",
    "virtiofs",
    "vmhgfs",
    "xenfs",
];

/// What becomes of a mount of this type at a path inside the root.
pub fn place(kind: &[u8], at: &[u8]) -> Place {
    let is_of = |names: &[&str]| names.iter().any(|name| name.as_bytes() == kind);
    if is_of(&LOCAL) || (is_of(&IMAGES) && SYSTEM.contains(&at)) {
        Place::Walked
    } else if is_of(&OTHERS) || kind.starts_with(b"fuse.") {
        Place::LeftOut
    } else {
        Place::Doubtful
    }
}

/// Directories that hold containers, images and snapshots: systems of their own, which come and go.
const STORAGE: [&[u8]; 27] = [
    b"/ostree",
    b"/root/.local/share/containers",
    b"/run/containerd",
    b"/run/containers",
    b"/run/docker",
    b"/run/k3s/containerd",
    b"/snap",
    b"/sysroot",
    b"/var/lib/containerd",
    b"/var/lib/containers",
    b"/var/lib/docker",
    b"/var/lib/extensions",
    b"/var/lib/flatpak",
    b"/var/lib/incus",
    b"/var/lib/kubelet",
    b"/var/lib/libvirt/filesystems",
    b"/var/lib/libvirt/images",
    b"/var/lib/lxc",
    b"/var/lib/lxd",
    b"/var/lib/machines",
    b"/var/lib/portables",
    b"/var/lib/rancher/k3s/agent/containerd",
    b"/var/lib/rancher/rke2/agent/containerd",
    b"/var/lib/snapd",
    b"/var/lib/waydroid",
    b"/var/snap/lxd",
    b"/var/snap/microk8s",
];

/// Where dracut builds images of the boot.
const DRACUT: &[u8] = b"/var/tmp/dracut.";

/// Where snapper and ZFS show snapshots: in a directory of the file system that they are of.
const SNAPSHOTS: [&[u8]; 2] = [b"/.snapshots", b"/.zfs"];

/// Where containers and applications of a user lie, below the home directory.
const OF_USERS: [&[u8]; 2] = [b"/.local/share/containers", b"/.local/share/flatpak"];

/// Whether a directory, as seen from the root, is storage of containers or images, without what is below it.
pub fn is_storage(path: &[u8]) -> bool {
    STORAGE.binary_search(&path).is_ok()
        || path.strip_prefix(DRACUT).is_some_and(|rest| !rest.contains(&b'/'))
        || SNAPSHOTS.iter().any(|end| path.ends_with(end))
        || (path.starts_with(b"/home/") && OF_USERS.iter().any(|end| path.ends_with(end)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_type_of_a_mount_decides_and_for_images_its_place() {
        let rows: [(&str, &str, Place); 18] = [
            ("ext4", "/home", Place::Walked),
            ("xfs", "/srv", Place::Walked),
            ("btrfs", "/var", Place::Walked),
            ("zfs", "/opt", Place::Walked),
            ("tmpfs", "/tmp", Place::Walked),
            ("overlay", "/usr", Place::Walked),
            ("squashfs", "/usr", Place::Walked),
            ("erofs", "/opt", Place::Walked),
            ("overlay", "/usr/local", Place::Doubtful),
            ("overlay", "/home", Place::Doubtful),
            ("squashfs", "/srv/image", Place::Doubtful),
            ("nfs4", "/usr", Place::LeftOut),
            ("fuse", "/mnt", Place::LeftOut),
            ("fuse.sshfs", "/mnt", Place::LeftOut),
            ("proc", "/proc", Place::LeftOut),
            ("vfat", "/boot/efi", Place::LeftOut),
            ("ext5", "/data", Place::Doubtful),
            ("fusex", "/data", Place::Doubtful),
        ];
        for (kind, at, expected) in rows {
            assert_eq!(place(kind.as_bytes(), at.as_bytes()), expected, "{kind} at {at}");
        }
    }

    #[test]
    fn storage_is_named_whole_and_the_table_is_in_order() {
        assert!(STORAGE.is_sorted());
        let rows = [
            ("/var/lib/docker", true),
            ("/var/lib/dockerd", false),
            ("/srv/var/lib/docker", false),
            ("/sysroot", true),
            ("/var/tmp/dracut.x1y2", true),
            ("/var/tmp/dracut.x1y2/usr", false),
            ("/var/tmp/dracut", false),
            ("/home/a/.local/share/containers", true),
            ("/home/a/.local/share/containers2", false),
            ("/srv/a/.local/share/containers", false),
            ("/.snapshots", true),
            ("/srv/data/.snapshots", true),
            ("/srv/data/x.snapshots", false),
            ("/tank/.zfs", true),
            ("/usr", false),
        ];
        for (path, expected) in rows {
            assert_eq!(is_storage(path.as_bytes()), expected, "{path}");
        }
    }

    #[test]
    fn the_page_names_each_type_and_each_directory() {
        let page = include_str!("../../../docs/programs.md");
        let types = LOCAL.iter().chain(&IMAGES).chain(&OTHERS).map(|name| format!("`{name}`"));
        let directories =
            STORAGE.iter().chain(&SYSTEM).chain(&SNAPSHOTS).map(|path| format!("{}`", String::from_utf8_lossy(path)));
        let missing: Vec<String> = types.chain(directories).filter(|name| !page.contains(name)).collect();
        assert!(missing.is_empty(), "{missing:?}");
    }
}
