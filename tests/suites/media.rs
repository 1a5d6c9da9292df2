//! Pictures: judged by their bytes, upright, without a place, in a few widths.

use std::io::Cursor;

use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use serde_json::json;
use tests::Server;

/// A JPEG whose left half is red and right half blue; with an EXIF orientation and a GPS position if told.
pub fn photo(width: u32, height: u32, orientation: Option<u8>) -> Vec<u8> {
    let paint = |x: u32, _| if x < width / 2 { Rgb([220, 20, 20]) } else { Rgb([20, 20, 220]) };
    let mut bytes = Vec::new();
    let picture = DynamicImage::ImageRgb8(RgbImage::from_fn(width, height, paint));
    picture.write_to(&mut Cursor::new(&mut bytes), ImageFormat::Jpeg).unwrap();
    let Some(orientation) = orientation else { return bytes };
    // APP1: TIFF header, IFD0 with orientation and a pointer to a GPS IFD with latitude N 20 40 12.
    let mut tiff: Vec<u8> = b"II*\0\x08\0\0\0".to_vec();
    tiff.extend(2_u16.to_le_bytes());
    tiff.extend([0x12, 0x01, 3, 0, 1, 0, 0, 0, orientation, 0, 0, 0]);
    tiff.extend([0x25, 0x88, 4, 0, 1, 0, 0, 0, 38, 0, 0, 0]);
    tiff.extend(0_u32.to_le_bytes());
    tiff.extend(1_u16.to_le_bytes());
    tiff.extend([0x01, 0x00, 2, 0, 2, 0, 0, 0, b'N', 0, 0, 0]);
    tiff.extend(0_u32.to_le_bytes());
    tiff.extend(b"HERE-IS-THE-FARM");
    let mut app1 = b"Exif\0\0".to_vec();
    app1.extend(tiff);
    let length = u16::try_from(app1.len() + 2).unwrap();
    let mut out = bytes[..2].to_vec();
    out.extend([0xff, 0xe1]);
    out.extend(length.to_be_bytes());
    out.extend(app1);
    out.extend(&bytes[2..]);
    out
}

#[tokio::test]
async fn a_phone_photo_is_upright_small_and_says_nothing_of_its_place() {
    let server = Server::start().await;
    let shop = server.seller_of("hat-doi").await;
    // Taken with the phone on its side: to be turned a quarter to the right.
    let original = photo(1600, 800, Some(6));
    assert!(original.windows(16).any(|window| window == b"HERE-IS-THE-FARM"));
    let made = shop.client.upload(&shop.path("media"), "application/octet-stream", original).await.expect(201);
    assert_eq!((&made["width"], &made["height"]), (&json!(800), &json!(1600)));
    let urls: Vec<String> =
        made["srcset"].as_str().unwrap().split(", ").map(|part| part.split(' ').next().unwrap().to_owned()).collect();
    assert_eq!(urls.len(), 3);
    for url in urls.iter().chain([&made["url"].as_str().unwrap().to_owned()]) {
        let path = &url[url.find("/media/").unwrap()..];
        let (status, headers, bytes) = server.client().bytes(path).await;
        assert_eq!(status, 200, "{path}");
        assert!(headers["cache-control"].to_str().unwrap().contains("immutable"));
        assert!(
            !bytes.windows(4).any(|window| window == b"Exif")
                && !bytes.windows(16).any(|window| window == b"HERE-IS-THE-FARM")
        );
        let picture = image::load_from_memory(&bytes).unwrap().into_rgb8();
        // Left was red: turned right, the top is.
        let (top, bottom) =
            (picture.get_pixel(picture.width() / 2, 20), picture.get_pixel(picture.width() / 2, picture.height() - 20));
        assert!(top[0] > 150 && bottom[2] > 150, "{path}: {top:?} {bottom:?}");
    }
    let images = shop.path(&format!("products/{}/images", shop.product));
    let hung =
        shop.client.post(&images, json!({"media_id": made["id"], "alt_vi": "Hạt dổi trong gùi"})).await.expect(201);
    let all: Vec<_> = hung["images"].as_array().unwrap().iter().map(|i| i["id"].clone()).collect();
    let reversed: Vec<_> = all.iter().rev().collect();
    shop.client.put(&images, json!({"image_ids": reversed})).await.expect(200);
    let page = server.client().get("/v1/products/hat-doi").await.expect(200);
    assert_eq!(page["image"]["alt"]["vi"], "Hạt dổi trong gùi");
    assert!(page["image"]["srcset"].as_str().unwrap().contains("640w"));
    let other = server.seller_of("ruou-muong").await;
    let foreign = other.path(&format!("products/{}/images", other.product));
    other.client.post(&foreign, json!({"media_id": made["id"]})).await.expect_problem(422, "invalid");
}

#[tokio::test]
async fn what_is_no_picture_is_refused_whatever_it_is_called() {
    let server = Server::start().await;
    let shop = server.seller_of("hat-doi").await;
    let path = shop.path("media");
    let kept = async || server.count("SELECT COUNT(*) FROM media").await;
    let before = kept().await;
    let svg = b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>".to_vec();
    shop.client.upload(&path, "image/png", svg).await.expect_problem(415, "not_a_picture");
    let heic = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic".to_vec();
    let told = shop.client.upload(&path, "image/jpeg", heic).await.expect_problem(415, "heic_not_taken");
    assert!(told["detail"].as_str().unwrap().contains("Most Compatible"));
    shop.client
        .upload(&path, "image/jpeg", photo(300, 300, None)[..200].to_vec())
        .await
        .expect_problem(422, "broken_picture");
    shop.client.upload(&path, "image/jpeg", photo(40, 300, None)).await.expect_problem(422, "picture_too_small");
    shop.client.upload(&path, "image/jpeg", vec![0; 13 * 1024 * 1024]).await.expect_problem(413, "too_large");
    assert_eq!(kept().await, before);
}
