//! What parcels cannot do, told to whoever asked.

use crate::platform::problem::codes;

codes! {
    PARCEL_STATE = "parcel_state" 409 "Kiện hàng không còn ở trạng thái cho phép việc này." "The parcel is not in a state that allows this.";
    NOTHING_LEFT = "nothing_left_to_parcel" 409 "Đơn này đã chia hết vào các kiện." "Everything of this order is in parcels already.";
    NO_CONTRACT = "no_carrier_contract" 409 "Chưa có hợp đồng với hãng vận chuyển này. Hãy thêm mã kết nối trước." "There is no contract with this carrier. Add its token first.";
    CARRIER_REFUSED = "carrier_refused" 409 "Hãng vận chuyển từ chối." "The carrier refused.";
}
