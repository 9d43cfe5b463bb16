internal import CNftnl

/// Owns a table of libnftnl.
@safe struct TableHandle: ~Copyable {
  private let pointer: OpaquePointer

  init() throws(EncodingError) {
    guard let pointer = unsafe nftnl_table_alloc() else { throw .noMemory }
    unsafe self.pointer = pointer
  }

  deinit { unsafe nftnl_table_free(pointer) }

  func set(_ attribute: nftnl_table_attr, _ value: UInt32) {
    unsafe nftnl_table_set_u32(pointer, UInt16(attribute.rawValue), value)
  }

  func set(_ attribute: nftnl_table_attr, _ text: String) throws(EncodingError) {
    guard unsafe nftnl_table_set_str(pointer, UInt16(attribute.rawValue), text) == 0 else {
      throw .noMemory
    }
  }

  func set(_ attribute: nftnl_table_attr, _ bytes: [UInt8]) throws(EncodingError) {
    let result = unsafe bytes.withUnsafeBytes {
      unsafe nftnl_table_set_data(pointer, UInt16(attribute.rawValue), $0.baseAddress, UInt32($0.count))
    }
    guard result == 0 else { throw .noMemory }
  }

  func build(into message: borrowing MessageScratch) {
    unsafe nftnl_table_nlmsg_build_payload(message.header, pointer)
  }
}

/// Owns a chain of libnftnl.
@safe struct ChainHandle: ~Copyable {
  private let pointer: OpaquePointer

  init() throws(EncodingError) {
    guard let pointer = unsafe nftnl_chain_alloc() else { throw .noMemory }
    unsafe self.pointer = pointer
  }

  deinit { unsafe nftnl_chain_free(pointer) }

  func set(_ attribute: nftnl_chain_attr, _ value: UInt32) {
    unsafe nftnl_chain_set_u32(pointer, UInt16(attribute.rawValue), value)
  }

  func set(_ attribute: nftnl_chain_attr, signed value: Int32) {
    unsafe nftnl_chain_set_s32(pointer, UInt16(attribute.rawValue), value)
  }

  func set(_ attribute: nftnl_chain_attr, _ text: String) throws(EncodingError) {
    guard unsafe nftnl_chain_set_str(pointer, UInt16(attribute.rawValue), text) == 0 else {
      throw .noMemory
    }
  }

  func set(_ attribute: nftnl_chain_attr, _ bytes: [UInt8]) throws(EncodingError) {
    let result = unsafe bytes.withUnsafeBytes {
      unsafe nftnl_chain_set_data(pointer, UInt16(attribute.rawValue), $0.baseAddress, UInt32($0.count))
    }
    guard result == 0 else { throw .noMemory }
  }

  func build(into message: borrowing MessageScratch) {
    unsafe nftnl_chain_nlmsg_build_payload(message.header, pointer)
  }
}
