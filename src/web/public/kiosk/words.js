// Every word of the page itself, in both languages. What is asked comes from the survey.

const WORDS = {
  vi: {
    other: "English",
    title: "Đánh giá sự phục vụ",
    welcome: "Xin mời ông/bà đánh giá",
    promise: "Không hỏi tên, số điện thoại hay số giấy tờ. Cán bộ không biết ai đã trả lời.",
    sample: "Dữ liệu mẫu, chỉ để giới thiệu",
    begin: "Bắt đầu",
    length: (count, minutes) => `${count} câu hỏi, khoảng ${minutes} phút`,
    progress: (place, count) => `Câu ${place} / ${count}`,
    back: "Quay lại",
    next: "Tiếp tục",
    notApplicable: "Không áp dụng",
    notApplicableHint: "Tôi không gặp việc này",
    comment: "Ông/bà muốn góp ý thêm điều gì không?",
    commentHint: "Không bắt buộc. Xin đừng ghi tên, số điện thoại hay số giấy tờ.",
    commentLeft: (count) => `Còn ${count} ký tự`,
    about: "Đôi điều về ông/bà",
    aboutHint: "Không bắt buộc; chỉ dùng để thống kê.",
    gender: "Giới tính",
    male: "Nam",
    female: "Nữ",
    age: "Tuổi",
    ages: { "18-24": "18–24", "25-34": "25–34", "35-49": "35–49", "50-60": "50–60", "over-60": "Trên 60" },
    assisted: "Có cán bộ giúp điền phiếu này không?",
    yes: "Có",
    no: "Không",
    finish: "Gửi đánh giá",
    thanks: "Xin cảm ơn ông/bà!",
    thanksHint: "Ý kiến đã được ghi nhận và giúp cơ quan phục vụ tốt hơn.",
    again: "Người tiếp theo",
    stillThere: "Ông/bà còn ở đó không?",
    clearing: (seconds) => `Câu trả lời sẽ được xóa sau ${seconds} giây.`,
    stay: "Tôi vẫn đang trả lời",
    failed: "Chưa lưu được câu trả lời. Xin thử lại.",
    retry: "Thử lại",
    closed: "Đợt khảo sát này hiện không mở.",
    enrolTitle: "Đăng ký thiết bị",
    enrolHint: "Nhập mã do quản trị viên cấp. Mã chỉ dùng được một lần.",
    code: "Mã đăng ký",
    enrol: "Đăng ký",
    enrolling: "Đang đăng ký…",
    enrolFailed: "Mã không đúng, đã dùng hoặc đã hết hạn.",
    offline: "Không kết nối được với máy chủ. Xin kiểm tra mạng rồi thử lại.",
    revoked: "Thiết bị này đã bị ngừng sử dụng.",
    staff: "Dành cho cán bộ",
    staffWaiting: "Phiếu chờ gửi",
    staffRefused: "Phiếu bị từ chối",
    staffContact: "Liên lạc gần nhất",
    staffProblem: "Lỗi gần nhất",
    staffClock: "Đồng hồ lệch",
    staffDevice: "Mã thiết bị",
    staffSurvey: "Đợt khảo sát",
    never: "chưa có",
    none: "không",
    seconds: (count) => `${count} giây`,
    send: "Gửi ngay",
    close: "Đóng",
    loading: "Đang tải…",
  },
  en: {
    other: "Tiếng Việt",
    title: "Rate our service",
    welcome: "Please rate how you were served",
    promise: "We do not ask for your name, phone or ID number. The officers cannot see who answered.",
    sample: "Sample data, for demonstration only",
    begin: "Start",
    length: (count, minutes) => `${count} questions, about ${minutes} minutes`,
    progress: (place, count) => `Question ${place} of ${count}`,
    back: "Back",
    next: "Continue",
    notApplicable: "Does not apply",
    notApplicableHint: "I had nothing to do with this",
    comment: "Is there anything you would like to add?",
    commentHint: "Optional. Please leave out names, phone and ID numbers.",
    commentLeft: (count) => `${count} characters left`,
    about: "A little about you",
    aboutHint: "Optional; for statistics only.",
    gender: "Gender",
    male: "Male",
    female: "Female",
    age: "Age",
    ages: { "18-24": "18–24", "25-34": "25–34", "35-49": "35–49", "50-60": "50–60", "over-60": "Over 60" },
    assisted: "Did an officer help to fill in this form?",
    yes: "Yes",
    no: "No",
    finish: "Send",
    thanks: "Thank you!",
    thanksHint: "Your opinion has been recorded and helps the office to serve better.",
    again: "Next person",
    stillThere: "Are you still there?",
    clearing: (seconds) => `Your answers will be cleared in ${seconds} seconds.`,
    stay: "I am still answering",
    failed: "Your answers could not be saved. Please try again.",
    retry: "Try again",
    closed: "This survey is not open at present.",
    enrolTitle: "Enrol this device",
    enrolHint: "Enter the code your administrator gave you. It works once.",
    code: "Enrolment code",
    enrol: "Enrol",
    enrolling: "Enrolling…",
    enrolFailed: "The code is wrong, used or expired.",
    offline: "The service cannot be reached. Check the network and try again.",
    revoked: "This device has been taken out of service.",
    staff: "For staff",
    staffWaiting: "Responses waiting",
    staffRefused: "Responses refused",
    staffContact: "Last contact",
    staffProblem: "Last problem",
    staffClock: "Clock is off by",
    staffDevice: "Device",
    staffSurvey: "Survey",
    never: "never",
    none: "none",
    seconds: (count) => `${count} s`,
    send: "Send now",
    close: "Close",
    loading: "Loading…",
  },
};

let language = "vi";

/** The language shown: `vi` or `en`. */
export const current = () => language;

/** Shows the other language from now on. */
export function setLanguage(next) {
  language = next;
  document.documentElement.lang = next;
  document.title = WORDS[next].title;
}

/** A word of the page; with arguments where it is a sentence about numbers. */
export function say(key, ...rest) {
  const word = WORDS[language][key];
  return typeof word === "function" ? word(...rest) : word;
}

/** A text of the survey, in the language shown. */
export const told = (text) => text[language] || text.vi;

/** A moment, as the reader writes it. */
export const moment = (milliseconds) =>
  new Intl.DateTimeFormat(language === "vi" ? "vi-VN" : "en-GB", { dateStyle: "short", timeStyle: "medium" }).format(milliseconds);
