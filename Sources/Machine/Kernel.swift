internal import CLinux
internal import Glibc
package import SystemPackage

/// The kernel since it was started.
package enum Boot {
  /// A number that no other start has: random(4).
  ///
  /// - Throws: ``SystemFailure`` when /proc is not there.
  package static func identifier() throws(SystemFailure) -> String {
    let bytes = try Files.read("/proc/sys/kernel/random/boot_id", atMost: 4096)
    return String(decoding: bytes.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
  }
}

/// Network namespaces (namespaces(7)).
package enum NetworkNamespace {
  /// The number of the one that this process is in, which no other has as long as it is there.
  ///
  /// - Throws: ``SystemFailure`` when /proc is not there.
  package static func current() throws(SystemFailure) -> UInt64 {
    let path = "/proc/self/ns/net"
    do throws(Errno) {
      return try UInt64(Stat(FilePath(path)).inode.rawValue)
    } catch {
      throw SystemFailure("cannot be read", path, error)
    }
  }

  /// Whether this process is where the first of its machine is.
  package static var isFirst: Bool {
    guard let own = Files.readLink("/proc/self/ns/net") else { return false }
    return own == Files.readLink("/proc/1/ns/net")
  }

  /// Moves this thread into another: setns(2).
  package static func enter(_ namespace: FileDescriptor) throws(Errno) {
    if sekisho_enter_network_namespace(namespace.rawValue) != 0 { throw .last }
  }
}

/// What processors are doing in the kernel, a packet's way through the rules among it.
package enum KernelReaders {
  /// Waits until everything is done that was begun before: membarrier(2).
  ///
  /// Where that is forbidden or cannot be (`nohz_full`), some time passes that is long for a packet.
  package static func wait() {
    if sekisho_wait_for_readers() != 0 { usleep(20_000) }
  }
}

/// What the machine calls itself: uname(2).
package struct SystemName: Hashable, Sendable {
  /// As `uname -n` prints it.
  package let node: String
  /// Of the kernel, as `uname -r` prints it.
  package let release: String
  /// What it is made for, as `uname -m` prints it.
  package let machine: String

  package static func current() throws(SystemFailure) -> Self {
    var names = utsname()
    if unsafe uname(&names) != 0 { throw SystemFailure("cannot be asked", "uname", .last) }
    return Self(node: text(&names.nodename), release: text(&names.release), machine: text(&names.machine))
  }

  private static func text<Characters>(_ characters: inout Characters) -> String {
    unsafe withUnsafeBytes(of: &characters) {
      unsafe String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
    }
  }
}

/// The clock that runs from the boot on, also while the machine is suspended, and that nobody sets
/// (`CLOCK_BOOTTIME`, clock_gettime(2)).
package enum BootClock {
  package static func seconds() -> Int64 {
    var time = timespec()
    return unsafe clock_gettime(CLOCK_BOOTTIME, &time) == 0 ? Int64(time.tv_sec) : 0
  }
}

/// The clock of the wall, which jumps when somebody sets it.
package enum WallClock {
  /// Since 1970, UTC.
  package static func seconds() -> Int64 { Int64(time(nil)) }
}
