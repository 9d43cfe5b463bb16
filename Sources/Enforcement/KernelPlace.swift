internal import Glibc

/// Where ruleset generations are counted: a kernel since it was booted, and in it a network namespace.
enum KernelPlace {
  /// The kernel's boot id (random(4)) and the inode of this process's network namespace (namespaces(7)).
  ///
  /// - Throws: ``AgentFailure`` when `/proc` is not there.
  static func current() throws(AgentFailure) -> String {
    var namespace = stat()
    guard unsafe stat("/proc/self/ns/net", &namespace) == 0 else {
      throw AgentFailure(.failed, "/proc/self/ns/net: \(errorText(errno))")
    }
    let path = "/proc/sys/kernel/random/boot_id"
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw AgentFailure(.failed, "\(path): \(errorText(errno))") }
    defer { close(descriptor) }
    var buffer = [UInt8](repeating: 0, count: 64)
    let count = unsafe buffer.withUnsafeMutableBytes { unsafe read(descriptor, $0.baseAddress, $0.count) }
    guard count > 0 else { throw AgentFailure(.failed, "\(path): \(errorText(errno))") }
    let boot = String(decoding: buffer[..<count].prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
    return "\(boot):\(namespace.st_ino)"
  }
}
