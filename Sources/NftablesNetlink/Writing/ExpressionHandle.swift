internal import CMnl
internal import CNftnl

/// Owns an expression of libnftnl.
@safe struct ExpressionHandle: ~Copyable {
  private let pointer: OpaquePointer

  init(_ name: String) throws(EncodingError) {
    guard let pointer = unsafe nftnl_expr_alloc(name) else { throw .noMemory }
    unsafe self.pointer = pointer
  }

  deinit { unsafe nftnl_expr_free(pointer) }

  func set(_ attribute: Int, _ value: UInt32) {
    unsafe nftnl_expr_set_u32(pointer, UInt16(attribute), value)
  }

  func set(_ attribute: Int, u16 value: UInt16) {
    unsafe nftnl_expr_set_u16(pointer, UInt16(attribute), value)
  }

  func set(_ attribute: Int, u8 value: UInt8) {
    unsafe nftnl_expr_set_u8(pointer, UInt16(attribute), value)
  }

  func set(_ attribute: Int, u64 value: UInt64) {
    unsafe nftnl_expr_set_u64(pointer, UInt16(attribute), value)
  }

  func set(_ attribute: Int, _ text: String) throws(EncodingError) {
    guard unsafe nftnl_expr_set_str(pointer, UInt16(attribute), text) == 0 else { throw .noMemory }
  }

  /// A constant for a register. libnftnl copies it into 64 bytes without looking at the length.
  func set(_ attribute: Int, constant bytes: [UInt8]) throws(EncodingError) {
    guard 1...Int(NFT_DATA_VALUE_MAXLEN) ~= bytes.count else { throw .constantLength(bytes.count) }
    let result = unsafe bytes.withUnsafeBytes {
      unsafe nftnl_expr_set(pointer, UInt16(attribute), $0.baseAddress, UInt32($0.count))
    }
    guard result == 0 else { throw .noMemory }
  }

  /// Gives an expression to this one, which frees it.
  func add(_ attribute: Int, _ inner: consuming ExpressionHandle) {
    unsafe nftnl_expr_add_expr(pointer, UInt32(attribute), inner.released())
  }

  private consuming func released() -> OpaquePointer {
    let pointer = unsafe pointer
    discard self
    return unsafe pointer
  }

  /// Appends `NFTA_EXPR_NAME` and `NFTA_EXPR_DATA` to the message.
  func build(into message: borrowing MessageScratch) {
    unsafe nftnl_expr_build_payload(message.header, pointer)
  }
}
