/// What carries messages to the kernel and back: ``KernelSocket``, or a played back kernel.
public protocol Transport: AnyObject {
  /// The address the kernel's answers carry.
  var portID: UInt32 { get }

  /// Sends the bytes at once, as one datagram.
  func send(_ bytes: [UInt8]) throws(NetlinkError)

  /// Receives one datagram to the beginning of the buffer.
  ///
  /// - Parameters:
  ///   - buffer: where the datagram is put; a datagram that is longer is an error.
  ///   - patience: milliseconds to wait when nothing is there yet; 0 does not wait.
  /// - Returns: its size in bytes; `nil` when none came.
  /// - Throws: ``NetlinkError/overrun`` once when answers were lost; those that were not can still be
  ///   received.
  func receive(into buffer: inout [UInt8], patience: Int32) throws(NetlinkError) -> Int?
}
