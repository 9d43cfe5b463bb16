internal import Nftables

/// The registers of a rule, for all packets at once.
struct Registers {
  private var bytes = [SymbolicByte](repeating: .hidden, count: 64)

  /// Stores bytes; the kernel clears the rest of the last 32-bit register.
  mutating func store(_ value: [SymbolicByte], _ register: Register) {
    guard let start = register.byteOffset, start + value.count <= bytes.count else {
      // The kernel takes no such rule.
      forget()
      return
    }
    for (offset, byte) in value.enumerated() { bytes[start + offset] = byte }
    var position = start + value.count
    while !position.isMultiple(of: 4) {
      bytes[position] = .constant(0)
      position += 1
    }
  }

  mutating func store(constant value: [UInt8], _ register: Register) {
    store(value.map { .constant($0) }, register)
  }

  /// Something else is written, and where to is not known.
  mutating func forget() { bytes = Array(repeating: .hidden, count: 64) }

  /// `nil` when there are no such registers.
  func read(_ register: Register, _ count: Int) -> [SymbolicByte]? {
    guard count <= bytes.count, let start = register.byteOffset, start + count <= bytes.count else {
      return nil
    }
    return Array(bytes[start..<start + count])
  }
}
