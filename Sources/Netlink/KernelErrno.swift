internal import CMnl

/// An error number of the kernel (errno(3)), positive.
public struct KernelErrno: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
  public let rawValue: Int32

  public init(rawValue: Int32) { self.rawValue = rawValue }

  public static let perm = Self(rawValue: EPERM)
  public static let noEntry = Self(rawValue: ENOENT)
  public static let interrupted = Self(rawValue: EINTR)
  public static let again = Self(rawValue: EAGAIN)
  public static let access = Self(rawValue: EACCES)
  public static let busy = Self(rawValue: EBUSY)
  public static let exists = Self(rawValue: EEXIST)
  public static let invalid = Self(rawValue: EINVAL)
  public static let tableFull = Self(rawValue: ENFILE)
  public static let noMemory = Self(rawValue: ENOMEM)
  public static let range = Self(rawValue: ERANGE)
  public static let restart = Self(rawValue: ERESTART)
  public static let messageSize = Self(rawValue: EMSGSIZE)
  public static let notSupported = Self(rawValue: EOPNOTSUPP)
  public static let noBuffers = Self(rawValue: ENOBUFS)
  public static let notEmpty = Self(rawValue: ENOTEMPTY)
  public static let tooManyLinks = Self(rawValue: EMLINK)
  public static let loop = Self(rawValue: ELOOP)
  public static let familyNotSupported = Self(rawValue: EAFNOSUPPORT)
  public static let protocolNotSupported = Self(rawValue: EPROTONOSUPPORT)

  /// Of the call that just failed.
  static var current: Self { Self(rawValue: sekisho_errno()) }

  /// The symbolic name, such as `EPERM`.
  public var name: String {
    guard let name = unsafe strerrorname_np(rawValue) else { return "errno \(rawValue)" }
    return unsafe String(cString: name)
  }

  /// What the C library says of it, such as `Operation not permitted`.
  public var message: String {
    guard let text = unsafe strerrordesc_np(rawValue) else { return "error \(rawValue)" }
    return unsafe String(cString: text)
  }

  public var description: String { "\(message) (\(name))" }
}
